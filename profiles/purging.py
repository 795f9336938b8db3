"""Empty the waiting room of ids that no partner has named for the time a workspace keeps them.

Whoever purges owns the workspace's identities, so applies and imports wait for it. It goes
block by block of profile ids, in short transactions that are gone through one by one: a
process that is killed leaves whole batches removed, each with its share of the audit row.
"""

import time
from collections.abc import Iterator
from datetime import datetime
from math import inf
from typing import Any

from django.db import connection, transaction
from pyroaring import BitMap64

from common.bitmaps import BLOCK_BITS, split
from profiles import memberships, waiting
from profiles.locks import own_identities
from profiles.models import IdentifierKind, IdentifierState
from workspaces import audit
from workspaces.models import AuditEntry, Workspace

# Ids of one transaction. With 200 cohorts it holds the lock for about 0.2 s.
BATCH_IDS = 10_000

# Ids that are looked up at once, the ones named longest ago first.
ROUND_IDS = 500_000

# A naming is noted once a day, so the last one may be a day younger than what is written:
# an id waits a day longer rather than a day too short. No days keep nobody.
_CUTOFF = f"""
statement_timestamp() - CASE workspace.waiting_retention_days WHEN 0 THEN interval '0'
        ELSE make_interval(days => least(workspace.waiting_retention_days, 36500))
             + interval '{waiting.TOUCH_EVERY}' END
"""

_BEFORE = f"SELECT {_CUTOFF} FROM workspaces_workspace AS workspace WHERE id = %s"

_OVERDUE = f"""
SELECT id FROM workspaces_workspace AS workspace WHERE EXISTS (
    SELECT FROM profiles_identifier
    WHERE workspace_id = workspace.id AND state = {IdentifierState.RESERVED.value}
      AND last_named_at < {_CUTOFF})
ORDER BY id
"""

_FIND = f"""
SELECT profile_id FROM profiles_identifier
WHERE workspace_id = %s AND state = {IdentifierState.RESERVED.value} AND last_named_at < %s
ORDER BY last_named_at LIMIT {ROUND_IDS}
"""

# The predicate reads the row itself and nothing else, so it is checked again after waiting.
_REMOVE = f"""
WITH gone AS (
    DELETE FROM profiles_identifier
    WHERE workspace_id = %s AND profile_id = ANY(%s::bigint[])
      AND state = {IdentifierState.RESERVED.value} AND last_named_at < %s
    RETURNING kind, profile_id, last_named_at
)
SELECT kind, array_agg(profile_id), min(last_named_at) FROM gone GROUP BY kind ORDER BY kind
"""


def overdue_workspaces() -> list[int]:
    """Workspaces with ids that have waited too long."""
    with connection.cursor() as cursor:
        cursor.execute(_OVERDUE)
        return [workspace_id for (workspace_id,) in cursor]


def purge(
    workspace: Workspace,
    *,
    before: datetime | None = None,
    budget_seconds: float = inf,
    by: audit.Actor,
) -> int:
    """Remove the waiting ids last named before then, from the map and every cohort; how many.

    Without `before` the workspace's retention says. Runs outside any transaction, with one
    for each batch, and ends with the one that spends the budget. Finding nothing takes no lock.
    A purged id that is named again waits anew; who takes it before then is in no cohort.
    """
    if before is None:
        before = _before(workspace.pk)
    deadline = time.monotonic() + budget_seconds
    removal = _Removal(workspace, before, by)
    while overdue := _find(workspace.pk, before):
        for profile_ids in _batches(overdue):
            removal.take(profile_ids)
            if time.monotonic() >= deadline:
                return removal.total
    return removal.total


def _before(workspace_id: int) -> datetime:
    with connection.cursor() as cursor:
        cursor.execute(_BEFORE, [workspace_id])
        before: datetime = cursor.fetchone()[0]
    return before


def _find(workspace_id: int, before: datetime) -> BitMap64:
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [workspace_id, before])
        return BitMap64(profile_id for (profile_id,) in cursor)


def _batches(profile_ids: BitMap64) -> Iterator[list[int]]:
    """Cut so that a batch changes one block of each cohort."""
    for number, positions in split(profile_ids).items():
        ids = list(positions.shift(number << BLOCK_BITS))
        for start in range(0, len(ids), BATCH_IDS):
            yield ids[start : start + BATCH_IDS]


class _Removal:
    """What one run has removed so far, and its row in the audit log."""

    def __init__(self, workspace: Workspace, before: datetime, by: audit.Actor) -> None:
        self.workspace = workspace
        self.before = before
        self.by = by
        self.counts = dict.fromkeys(IdentifierKind, 0)
        self.oldest: datetime | None = None
        self.entry: AuditEntry | None = None

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @transaction.atomic
    def take(self, profile_ids: list[int]) -> None:
        """Remove those that still wait and weren't named again, and put it on record."""
        own_identities(self.workspace.pk)
        with connection.cursor() as cursor:
            cursor.execute(_REMOVE, [self.workspace.pk, profile_ids, self.before])
            rows = cursor.fetchall()
        if not rows:
            return
        gone = [profile_id for _, of_kind, _ in rows for profile_id in of_kind]
        waiting.record(self.workspace.pk, -len(gone))
        memberships.clear_bits(self.workspace.pk, gone)
        for kind, of_kind, oldest in rows:
            self.counts[IdentifierKind(kind)] += len(of_kind)
            self.oldest = min(self.oldest or oldest, oldest)
        self._note()

    def _note(self) -> None:
        """One row for the run, written with its first batch and brought up to date with each."""
        if self.entry is None:
            self.entry = audit.record(
                workspace=self.workspace,
                by=self.by,
                action="waiting_ids.purged",
                object_type="workspace",
                object_id=str(self.workspace.pk),
                details=self._details(),
            )
        else:
            self.entry.details = self._details()
            self.entry.save(update_fields=["details"])

    def _details(self) -> dict[str, Any]:
        assert self.oldest is not None
        return {
            "external_ids": self.counts[IdentifierKind.EXTERNAL_ID],
            "aliases": self.counts[IdentifierKind.ALIAS],
            "device_ids": self.counts[IdentifierKind.DEVICE],
            "last_named_before": self.before.isoformat(timespec="seconds"),
            "oldest_naming": self.oldest.isoformat(timespec="seconds"),
        }
