"""Count cohorts now and then: for sorting by size, and for their size over time.

Nothing that is shown as a size comes from here: pages count afresh.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db import connection, transaction

from cohorts import syncs
from cohorts.sizes import Size, sizes
from common.snapshots import snapshot

# Cohorts that are counted in one snapshot, and in one go.
AT_ONCE = 200
MOST = 1_000

# A count is due that misses requests or was taken during a sync; and hourly in any case,
# because users come and go without any request. The latest count comes last.
_DUE = """
SELECT cohort.id, cohort.workspace_id
  FROM cohorts_cohort AS cohort
  JOIN cohorts_cohortcursor AS cursor ON cursor.cohort_id = cohort.id
  LEFT JOIN cohorts_cohortcount AS count ON count.cohort_id = cohort.id
 WHERE count.cohort_id IS NULL OR NOT count.is_settled OR count.sequence <> cursor.sequence
    OR count.counted_at < now() - interval '1 hour'
    OR count.counted_at < date_trunc('day', now(), 'UTC')
 ORDER BY count.counted_at NULLS FIRST, cohort.id LIMIT %s
"""
# A parked cohort waits for an operator: that is no sync under way.
_STATE = """
SELECT cohort.id, cursor.sequence,
       CASE WHEN cursor.parked_at IS NULL THEN head.sequence - cursor.sequence ELSE 0 END,
       head.last_received_at, cursor.last_applied_at, now()
  FROM cohorts_cohort AS cohort
  JOIN cohorts_cohorthead AS head ON head.cohort_id = cohort.id
  JOIN cohorts_cohortcursor AS cursor ON cursor.cohort_id = cohort.id
 WHERE cohort.id = ANY(%s)
"""
_KEEP = """
INSERT INTO cohorts_cohortcount (cohort_id, size, waiting, sequence, is_settled, counted_at)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::boolean[],
                     %s::timestamptz[]) AS new (id, size, waiting, sequence, settled, at)
 ORDER BY id
ON CONFLICT (cohort_id) DO UPDATE
   SET size = excluded.size, waiting = excluded.waiting, sequence = excluded.sequence,
       is_settled = excluded.is_settled, counted_at = excluded.counted_at
 WHERE cohorts_cohortcount.sequence <= excluded.sequence
"""
# One a day, and each that differs from the one before, unless a sync is still under way.
_RECORD = """
INSERT INTO cohorts_cohortsize (cohort_id, at, size, waiting)
SELECT new.id, new.at, new.size, new.waiting
  FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::boolean[],
              %s::timestamptz[]) AS new (id, size, waiting, sequence, settled, at)
  LEFT JOIN LATERAL (
       SELECT * FROM cohorts_cohortsize AS each WHERE each.cohort_id = new.id
        ORDER BY each.at DESC LIMIT 1) AS last ON true
 WHERE last.at IS NULL OR last.at < date_trunc('day', new.at, 'UTC')
    OR (new.settled AND (last.size, last.waiting) <> (new.size, new.waiting))
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class _Count:
    """A cohort's size, the requests that it takes in, and whether no sync is under way."""

    cohort_id: int
    size: Size
    sequence: int
    is_settled: bool
    at: datetime


def count_due(*, most: int = MOST) -> int:
    """Count the cohorts that need it, the longest neglected first; how many they were."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [most])
        due = cursor.fetchall()
    by_workspace = sorted(due, key=lambda row: row[1])
    for workspace_id, rows in groupby(by_workspace, key=lambda row: row[1]):
        cohort_ids = [cohort_id for cohort_id, _workspace in rows]
        for start in range(0, len(cohort_ids), AT_ONCE):
            _keep(_count(workspace_id, cohort_ids[start : start + AT_ONCE]))
    return len(due)


def _count(workspace_id: int, cohort_ids: list[int]) -> list[_Count]:
    with snapshot():
        counted = sizes(workspace_id, cohort_ids)
        with connection.cursor() as cursor:
            cursor.execute(_STATE, [cohort_ids])
            states = cursor.fetchall()
    return [
        _Count(
            cohort_id,
            counted[cohort_id],
            sequence,
            is_settled=received_at is None
            or syncs.ended_at(received_at, applied_at or received_at, pending=pending, now=now)
            is not None,
            at=now,
        )
        for cohort_id, sequence, pending, received_at, applied_at, now in states
    ]


@transaction.atomic
def _keep(counts: Iterable[_Count]) -> None:
    inorder = sorted(counts, key=attrgetter("cohort_id"))
    columns: list[list[Any]] = [
        [count.cohort_id for count in inorder],
        [count.size.matched for count in inorder],
        [count.size.waiting for count in inorder],
        [count.sequence for count in inorder],
        [count.is_settled for count in inorder],
        [count.at for count in inorder],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, columns)
        cursor.execute(_RECORD, columns)
