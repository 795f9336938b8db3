"""What users did: for every name of an event or a purchase how often, first and last.

Single events aren't kept, so a user costs a row for each name and not for each event.
The callers are in a transaction that holds the identity lock.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from profiles.rows import lineage

# The kind of an activity (see `ActivityKind`) and its name.
Done = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Tally:
    """How often something was done, first and last."""

    count: int
    first_at: datetime
    last_at: datetime

    def plus(self, other: "Tally") -> "Tally":
        return Tally(
            self.count + other.count,
            min(self.first_at, other.first_at),
            max(self.last_at, other.last_at),
        )


# What users did, by profile id.
Tallies = Mapping[int, Mapping[Done, Tally]]

# Rows are locked in one order, or two calls about the same users could wait for each other.
_PUT = """
INSERT INTO profiles_activity (workspace_id, profile_id, kind, name, count, first_at, last_at)
{rows}
ON CONFLICT (profile_id, kind, name) DO UPDATE SET
    count = profiles_activity.count + excluded.count,
    first_at = least(profiles_activity.first_at, excluded.first_at),
    last_at = greatest(profiles_activity.last_at, excluded.last_at)
"""

_RECORD = _PUT.format(
    rows="""
SELECT %s, profile_id, kind, name, count, first_at, last_at
FROM unnest(%s::bigint[], %s::smallint[], %s::text[], %s::bigint[],
            %s::timestamptz[], %s::timestamptz[])
  AS new (profile_id, kind, name, count, first_at, last_at)
ORDER BY profile_id, kind, name COLLATE "C"
"""
)

_MERGE = """
WITH moved AS (
    DELETE FROM profiles_activity
    WHERE workspace_id = %s AND profile_id = ANY(%s::bigint[])
    RETURNING *
)
""" + _PUT.format(
    rows="""
SELECT moved.workspace_id, line.survivor, kind, name, sum(count), min(first_at), max(last_at)
FROM moved JOIN unnest(%s::bigint[], %s::bigint[]) AS line (survivor, id)
  ON line.id = moved.profile_id
GROUP BY 1, 2, 3, 4 ORDER BY 2, 3, 4
"""
)

_DROP = "DELETE FROM profiles_activity WHERE workspace_id = %s AND profile_id = ANY(%s::bigint[])"


def record(workspace_id: int, tallies: Tallies) -> None:
    """Add what those users, by profile id, did; one statement for all."""
    rows = [
        (profile_id, kind, name, tally.count, tally.first_at, tally.last_at)
        for profile_id, done in tallies.items()
        for (kind, name), tally in done.items()
    ]
    if not rows:
        return
    with connection.cursor() as cursor:
        columns = [list(column) for column in zip(*rows, strict=True)]
        cursor.execute(_RECORD, [workspace_id, *columns])


def merge(workspace_id: int, pairs: Sequence[tuple[int, int]]) -> None:
    """What the first user of each pair did, one pair after another, is the second's."""
    lines = [
        (survivor, profile_id)
        for survivor, absorbed in lineage(pairs).items()
        for profile_id in absorbed
    ]
    if not lines:
        return
    survivors, sources = [list(column) for column in zip(*lines, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_MERGE, [workspace_id, sources, survivors, sources])


def drop(workspace_id: int, profile_ids: Iterable[int]) -> None:
    """Forget what those users did, who are no more."""
    gone = sorted(profile_ids)
    if not gone:
        return
    with connection.cursor() as cursor:
        cursor.execute(_DROP, [workspace_id, gone])
