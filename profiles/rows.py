"""The rows of users as identities change: created, identified, absorbed and deleted.

Each is one statement or two for any number of users, and `known` learns who came and went.
"""

from collections.abc import Iterable, Mapping, Sequence

from django.db import connection

from profiles import known
from profiles.attributes import Patch

_CREATE = """
INSERT INTO profiles_profile (id, workspace_id, external_id, attributes)
SELECT id, %s, external_id, attributes
FROM unnest(%s::bigint[], %s::text[], %s::jsonb[]) AS new (id, external_id, attributes)
"""

_IDENTIFY = """
UPDATE profiles_profile AS profile SET external_id = new.external_id, updated_at = now()
FROM unnest(%s::bigint[], %s::text[]) AS new (id, external_id)
WHERE profile.id = new.id AND profile.workspace_id = %s
"""

# Of values for one name the aggregate keeps the last: that of the profile with rank 0.
_ABSORB = """
UPDATE profiles_profile AS profile
SET attributes = merged.attributes, created_at = merged.created_at, updated_at = now()
FROM (
    SELECT line.survivor, min(p.created_at) AS created_at,
           coalesce(jsonb_object_agg(a.name, a.value ORDER BY line.rank DESC)
                    FILTER (WHERE a.name IS NOT NULL), '{}') AS attributes
    FROM unnest(%s::bigint[], %s::bigint[], %s::integer[]) AS line (survivor, id, rank)
    JOIN profiles_profile AS p ON p.id = line.id
    LEFT JOIN LATERAL jsonb_each(p.attributes) AS a (name, value) ON true
    GROUP BY line.survivor
) AS merged
WHERE profile.id = merged.survivor AND profile.workspace_id = %s
"""

_DELETE = "DELETE FROM profiles_profile WHERE workspace_id = %s AND id = ANY(%s::bigint[])"


def create(
    workspace_id: int, created: Mapping[int, str | None], patches: Mapping[int, Patch]
) -> None:
    """New users with those ids, each with its external id or None, and its attributes."""
    if not created:
        return
    for pk in created.keys() & patches.keys():
        patches[pk].settle({})
    attributes = [patches[pk].as_json() if pk in patches else "{}" for pk in created]
    with connection.cursor() as cursor:
        cursor.execute(_CREATE, [workspace_id, list(created), list(created.values()), attributes])
    known.append(workspace_id, added=created)


def identify(workspace_id: int, external_ids: Mapping[int, str]) -> None:
    """Anonymous users have these external ids as their own from now on."""
    if not external_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(_IDENTIFY, [list(external_ids), list(external_ids.values()), workspace_id])


def absorb(workspace_id: int, pairs: Sequence[tuple[int, int]]) -> None:
    """The first of each pair, one after another, is part of the second from now on.

    Values that the survivor lacks are taken over, its own stay, and so does the earlier time
    of creation.
    """
    if not pairs:
        return
    lines = [
        (survivor, profile_id, rank)
        for survivor, absorbed in lineage(pairs).items()
        for rank, profile_id in enumerate([survivor, *absorbed])
    ]
    with connection.cursor() as cursor:
        survivors, profile_ids, ranks = [list(column) for column in zip(*lines, strict=True)]
        cursor.execute(_ABSORB, [survivors, profile_ids, ranks, workspace_id])
    delete(workspace_id, [source for source, _ in pairs])


def lineage(pairs: Sequence[tuple[int, int]]) -> dict[int, list[int]]:
    """For each survivor of merges in that order whom it absorbed, whose values count first."""
    absorbed: dict[int, list[int]] = {}
    for source, target in pairs:
        absorbed.setdefault(target, []).extend([source, *absorbed.pop(source, [])])
    return absorbed


def delete(workspace_id: int, profile_ids: Iterable[int]) -> None:
    """These users are no more."""
    gone = sorted(profile_ids)
    if not gone:
        return
    with connection.cursor() as cursor:
        cursor.execute(_DELETE, [workspace_id, gone])
    known.append(workspace_id, removed=gone)
