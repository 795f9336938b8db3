"""Clear the ids of deleted users from requests that are still to be applied.

A cleared id is NULL: apply counts it as deleted, and everything else in the request keeps
its place.
"""

from collections.abc import Sequence

from django.db import connection

from cohorts.applying.resolving import Pending
from profiles import tombstones
from profiles.rules import Key, Kind

_CLEAR = """
UPDATE cohorts_upload AS upload
   SET external_ids = (
           SELECT array_agg(CASE WHEN named.id <> ALL (%(external_ids)s::text[]) THEN named.id END
                            ORDER BY named.position)
             FROM unnest(upload.external_ids) WITH ORDINALITY AS named (id, position)),
       device_ids = (
           SELECT array_agg(CASE WHEN named.id <> ALL (%(device_ids)s::text[]) THEN named.id END
                            ORDER BY named.position)
             FROM unnest(upload.device_ids) WITH ORDINALITY AS named (id, position)),
       (alias_labels, alias_names) = (
           SELECT array_agg(CASE WHEN NOT named.is_gone THEN named.label END
                            ORDER BY named.position),
                  array_agg(CASE WHEN NOT named.is_gone THEN named.name END
                            ORDER BY named.position)
             FROM (SELECT label, name, position, (label, name) IN (
                          SELECT * FROM unnest(%(alias_labels)s::text[], %(alias_names)s::text[]))
                     FROM unnest(upload.alias_labels, upload.alias_names)
                          WITH ORDINALITY AS each (label, name, position)
                  ) AS named (label, name, position, is_gone))
"""
_NAMES_ONE = """
   AND (EXISTS (SELECT FROM unnest(upload.external_ids) AS named (id)
                 WHERE named.id = ANY (%(external_ids)s::text[]))
     OR EXISTS (SELECT FROM unnest(upload.device_ids) AS named (id)
                 WHERE named.id = ANY (%(device_ids)s::text[]))
     OR EXISTS (SELECT FROM unnest(upload.alias_labels, upload.alias_names) AS named (label, name)
                 WHERE (named.label, named.name) IN (
                       SELECT * FROM unnest(%(alias_labels)s::text[], %(alias_names)s::text[]))))
"""
# Pending requests are few beside those that the ledger keeps: they are found by their numbers.
CLEAR_PENDING = f"""{_CLEAR}
  FROM cohorts_cohort AS cohort
  JOIN cohorts_cohorthead AS head ON head.cohort_id = cohort.id
  JOIN cohorts_cohortcursor AS cursor ON cursor.cohort_id = cohort.id
 CROSS JOIN generate_series(cursor.sequence + 1, head.sequence) AS pending (sequence)
 WHERE cohort.workspace_id = %(workspace)s AND head.sequence > cursor.sequence
   AND upload.cohort_id = cohort.id AND upload.sequence = pending.sequence
{_NAMES_ONE}
"""
CLEAR_ONE = f"""{_CLEAR}
 WHERE upload.cohort_id = %(cohort)s AND upload.sequence = %(sequence)s
"""
NAMED = """
SELECT upload.sequence, upload.received_at, named.kind, named.label, named.id
  FROM cohorts_upload AS upload CROSS JOIN LATERAL (
       SELECT 1, '', id FROM unnest(upload.external_ids) AS each (id)
        UNION ALL
       SELECT 2, label, id FROM unnest(upload.alias_labels, upload.alias_names) AS each (label, id)
        UNION ALL
       SELECT 3, '', id FROM unnest(upload.device_ids) AS each (id)
       ) AS named (kind, label, id)
 WHERE upload.cohort_id = %s AND upload.sequence = ANY(%s) AND named.id IS NOT NULL
"""
PENDING_SINCE = """
SELECT cohort.workspace_id, min(upload.received_at)
  FROM cohorts_cohort AS cohort
  JOIN cohorts_cohorthead AS head ON head.cohort_id = cohort.id
  JOIN cohorts_cohortcursor AS cursor ON cursor.cohort_id = cohort.id
  JOIN cohorts_upload AS upload
    ON upload.cohort_id = cohort.id AND upload.sequence = cursor.sequence + 1
 WHERE head.sequence > cursor.sequence
 GROUP BY cohort.workspace_id
"""


def clear(workspace_id: int, keys: Sequence[Key]) -> None:
    """Take these ids out of every pending request of the workspace, in one statement.

    The caller owns the workspace's identities, so no apply is under way.
    """
    with connection.cursor() as cursor:
        cursor.execute(CLEAR_PENDING, {"workspace": workspace_id, **_columns(keys)})


def clear_late(workspace_id: int, cohort_id: int, requests: Sequence[Pending]) -> None:
    """Take out ids whose deletion couldn't see these requests, which were just being accepted.

    One probe for deletions since the oldest of them, and more only when there were any.
    """
    deletions = tombstones.since(workspace_id, min(request.received_at for request in requests))
    if not deletions:
        return
    late: dict[int, set[Key]] = {}
    with connection.cursor() as cursor:
        cursor.execute(NAMED, [cohort_id, [request.sequence for request in requests]])
        for sequence, received_at, kind, label, value in cursor:
            key = Key(kind, label, value)
            deleted_at = deletions.last_of(key)
            if deleted_at is not None and deleted_at > received_at:
                late.setdefault(sequence, set()).add(key)
        for sequence, keys in late.items():
            cursor.execute(
                CLEAR_ONE, {"cohort": cohort_id, "sequence": sequence, **_columns(sorted(keys))}
            )


def tidy() -> int:
    """Forget deletions once everything that was accepted before is applied; how many."""
    with connection.cursor() as cursor:
        cursor.execute(PENDING_SINCE)
        pending_since = dict(cursor.fetchall())
    return tombstones.drop(pending_since)


def _columns(keys: Sequence[Key]) -> dict[str, list[str]]:
    aliases = [key for key in keys if key.kind == Kind.ALIAS]
    return {
        "external_ids": [key.value for key in keys if key.kind == Kind.EXTERNAL_ID],
        "device_ids": [key.value for key in keys if key.kind == Kind.DEVICE],
        "alias_labels": [key.label for key in aliases],
        "alias_names": [key.value for key in aliases],
    }
