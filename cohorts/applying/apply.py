"""Fold a cohort's pending requests into its bitmaps: one transaction, exactly once, in order.

The cursor row's lock is the claim. Effects, ledger and cursor commit together, so a task
that is delivered twenty times, or killed at any point, changes nothing twice and loses
nothing; the lock of a killed worker is gone with its connection.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from pyroaring import BitMap64

from cohorts import blocks, erasure, ledger, matching
from cohorts.applying.folding import Batch, Match, fold
from cohorts.applying.resolving import Pending, Resolved, resolve
from cohorts.partner_api.changes import read_runs
from common import bitmaps
from profiles import waiting
from profiles.locks import share_identities

# Requests read at once; ids bound a batch first unless requests are small.
MOST_REQUESTS = 2_000

# Sorting a batch's ids in memory; and a plan for the map as it is, because one made while
# it was empty would read all of it for every id.
PLANNING = "SET LOCAL work_mem = '32MB'; SET LOCAL plan_cache_mode = force_custom_plan"
CLAIM = """
SELECT sequence FROM cohorts_cohortcursor
 WHERE cohort_id = %s AND parked_at IS NULL FOR UPDATE SKIP LOCKED
"""
NEXT = """
SELECT sequence, ids, coalesce(runs, '{}'), received_at FROM cohorts_upload
 WHERE cohort_id = %s AND sequence > %s ORDER BY sequence LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Applied:
    """How much one transaction got done."""

    requests: int
    ids: int


def apply_batch(
    workspace_id: int, cohort_id: int, *, most_ids: int, most_requests: int = MOST_REQUESTS
) -> Applied | None:
    """Apply the next pending requests, about `most_ids` ids; None when another is at it.

    A request is never cut: one is applied even if it alone names more ids.
    """
    with transaction.atomic():
        share_identities(workspace_id)
        with connection.cursor() as cursor:
            cursor.execute(PLANNING)
            cursor.execute(CLAIM, [cohort_id])
            claim = cursor.fetchone()
            if claim is None:
                return None
            cursor.execute(NEXT, [cohort_id, claim[0], most_requests])
            requests = _take(cursor.fetchall(), most_ids)
        if requests:
            erasure.clear_late(workspace_id, cohort_id, requests)
            _apply(workspace_id, cohort_id, requests)
        return Applied(len(requests), sum(request.ids for request in requests))


def _take(rows: Sequence[tuple[int, int, list[int], datetime]], most_ids: int) -> list[Pending]:
    requests: list[Pending] = []
    total = 0
    for sequence, ids, runs, received_at in rows:
        total += ids
        if requests and total > most_ids:
            break
        requests.append(Pending(sequence, ids, tuple(read_runs(runs)), received_at))
    return requests


def _apply(workspace_id: int, cohort_id: int, requests: Sequence[Pending]) -> None:
    resolved = resolve(workspace_id, cohort_id, requests)
    _note_naming(workspace_id, resolved)
    members = blocks.load(cohort_id, bitmaps.block_numbers(_mentioned(resolved)))
    outcomes = []
    changed = BitMap64()
    born = BitMap64()
    for request in requests:
        batches = _as_if_alone(resolved, request.sequence, born)
        outcome = fold(batches, members)
        changed |= outcome.members_added | outcome.members_removed
        outcomes.append((request.sequence, outcome))
    blocks.store(cohort_id, members, bitmaps.block_numbers(changed))
    ledger.close(cohort_id, outcomes, ids=sum(request.ids for request in requests))
    matching.count(cohort_id, requests, resolved.batches)


def _mentioned(resolved: Resolved) -> BitMap64:
    mentioned = BitMap64()
    for batches in resolved.batches.values():
        for batch in batches:
            mentioned.update(batch.profile_ids)
    mentioned.discard(0)
    return mentioned


def _note_naming(workspace_id: int, resolved: Resolved) -> None:
    """A waiting id's retention counts from the last time that a partner added it."""
    named_again = BitMap64()
    for batches in resolved.batches.values():
        for batch in batches:
            if not batch.remove and Match.WAITING in batch.matches:
                pairs = zip(batch.profile_ids, batch.matches, strict=True)
                named_again.update(profile for profile, match in pairs if match == Match.WAITING)
    named_again -= resolved.newly_waiting
    if named_again:
        waiting.touch(workspace_id, named_again)


def _as_if_alone(resolved: Resolved, sequence: int, born: BitMap64) -> list[Batch]:
    """The request's batches, with ids that only a later request makes wait still unknown.

    `born` collects the ids that have begun to wait so far, in the order of the requests.
    """
    batches = resolved.batches[sequence]
    if not resolved.newly_waiting:
        return batches
    for batch in batches:
        if not batch.remove:
            born |= resolved.newly_waiting & BitMap64(batch.profile_ids)
    unborn = resolved.newly_waiting - born
    return [_without(batch, unborn) if batch.remove else batch for batch in batches]


def _without(batch: Batch, unborn: BitMap64) -> Batch:
    matches = [
        Match.UNKNOWN if profile in unborn else match
        for profile, match in zip(batch.profile_ids, batch.matches, strict=True)
    ]
    return Batch(batch.remove, batch.profile_ids, matches)
