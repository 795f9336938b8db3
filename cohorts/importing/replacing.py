"""Replace a cohort's whole membership by a file's: first what would change, then the swap."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from pyroaring import BitMap64

from cohorts import blocks
from cohorts.applying import runner
from cohorts.applying.folding import COUNTS, Outcome
from cohorts.importing import staging
from cohorts.importing.handing import request_id
from cohorts.models import CohortCursor, CohortHead, CohortImport, Upload
from common import bitmaps
from common.snapshots import snapshot
from imports.models import JobState
from profiles.known import read_known
from profiles.locks import share_identities
from workspaces import audit


class CannotReplace(ValueError):
    """Says in a sentence why nothing was replaced, and what to do."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What replacing would do, exactly, to the members as they are at that moment.

    `added` and `removed` are profile ids; `waiting` of those added match nobody yet. The
    `fingerprint` tells this difference from any other.
    """

    added: BitMap64
    removed: BitMap64
    staying: int
    waiting: int
    pending: int

    @property
    def fingerprint(self) -> str:
        digest = hashlib.blake2b(digest_size=16)
        for members in (self.added, self.removed):
            digest.update(members.serialize())
        return digest.hexdigest()

    @property
    def joining(self) -> int:
        """Users who would come in."""
        return len(self.added) - self.waiting

    @property
    def leaving(self) -> int:
        return len(self.removed)

    @property
    def changes_nothing(self) -> bool:
        return not self.added and not self.removed


def difference(file: CohortImport) -> Difference:
    """Read in one snapshot; a caller that is going to swap holds the locks instead."""
    with snapshot():
        before = bitmaps.join(blocks.of(file.cohort_id))
        after = bitmaps.join(staging.of(file))
        known = bitmaps.join(read_known(file.cohort.workspace_id))
        head = CohortHead.objects.get(pk=file.cohort_id)
        cursor = CohortCursor.objects.get(pk=file.cohort_id)
    added = after - before
    return Difference(
        added=added,
        removed=before - after,
        staying=after.intersection_cardinality(before),
        waiting=len(added) - added.intersection_cardinality(known),
        pending=head.sequence - cursor.sequence,
    )


def is_open(file: CohortImport) -> bool:
    """Whether it is read to its end and nobody has decided on it yet."""
    ended = file.replaced_at or file.discarded_at
    return file.job.state == JobState.DONE and ended is None


def replace(file: CohortImport, *, fingerprint: str, by: audit.Actor) -> Difference:
    """Make the file's users the cohort's members, in one transaction, as somebody has seen it.

    What came before is applied first; the ledger takes the swap as two requests, one that
    removes and one that adds.

    Raises `CannotReplace`, and then nothing has changed: among others when `fingerprint`
    isn't that of what would change by now.
    """
    runner.run(file.cohort_id)
    with transaction.atomic():
        share_identities(file.cohort.workspace_id)
        cursors = CohortCursor.objects.select_for_update(skip_locked=True)
        cursor = cursors.filter(pk=file.cohort_id).first()
        head = CohortHead.objects.select_for_update().get(pk=file.cohort_id)
        locked = _locked(file)
        if cursor is None or head.sequence != cursor.sequence:
            raise CannotReplace(_why_pending(cursor))
        change = difference(locked)
        if change.fingerprint != fingerprint:
            raise CannotReplace(
                _("The cohort has changed since. Look at what would be added and removed now.")
            )
        _swap(locked, change)
        locked.replaced_at = Now()
        locked.save(update_fields=["replaced_at"])
        _record(locked, "replaced", by=by, added=len(change.added), removed=len(change.removed))
    return change


def discard(file: CohortImport, *, by: audit.Actor) -> None:
    """Forget what the file named: the cohort stays as it is. Raises `CannotReplace`."""
    with transaction.atomic():
        locked = _locked(file)
        staging.drop(locked)
        locked.discarded_at = Now()
        locked.save(update_fields=["discarded_at"])
        _record(locked, "replacement_discarded", by=by)


def _locked(file: CohortImport) -> CohortImport:
    found = CohortImport.objects.select_for_update(of=("self",)).select_related("job", "cohort")
    locked = found.get(pk=file.pk)
    if not is_open(locked):
        raise CannotReplace(_("This import has been decided on before: nothing has changed."))
    return locked


def _why_pending(cursor: CohortCursor | None) -> str:
    if cursor is not None and cursor.parked_at:
        return _("The cohort is parked: retry or skip its failing upload first.")
    return _("Uploads of this cohort are still being applied: try again in a moment.")


def _swap(file: CohortImport, change: Difference) -> None:
    cohort_id = file.cohort_id
    numbers = bitmaps.block_numbers(change.added | change.removed)
    after = (blocks.load(cohort_id, numbers) | change.added) - change.removed
    blocks.store(cohort_id, after, numbers)
    if change.removed:
        removing = Outcome(removed=len(change.removed), members_removed=change.removed)
        _enter(file, removing, ids=len(change.removed))
    _enter(file, _adding(file, change), ids=file.job.counts.get("ids", 0))
    staging.drop(file)


def _adding(file: CohortImport, change: Difference) -> Outcome:
    """What became of the file's ids: the nine counts add up to them."""
    outcome = Outcome(
        added=change.joining,
        waiting=change.waiting,
        already_in=change.staying,
        unknown=file.unknown,
        ignored_device=file.ignored_device,
        deleted=file.deleted,
        members_added=change.added,
    )
    counted = sum(getattr(outcome, count) for count in COUNTS)
    outcome.repeated = file.job.counts.get("ids", 0) - counted
    return outcome


def _enter(file: CohortImport, outcome: Outcome, *, ids: int) -> None:
    """Write a request into the ledger that is applied already."""
    cohort_id = file.cohort_id
    counts: Mapping[str, Any] = {count: getattr(outcome, count) for count in COUNTS}
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE cohorts_cohorthead SET sequence = sequence + 1, ids_received ="
            " ids_received + %s, last_received_at = clock_timestamp() WHERE cohort_id = %s"
            " RETURNING sequence, last_received_at",
            [ids, cohort_id],
        )
        sequence, at = cursor.fetchone()
    Upload.objects.create(
        cohort_id=cohort_id,
        sequence=sequence,
        request_id=request_id(file.job),
        job_id=file.job.pk,
        received_at=at,
        applied_at=at,
        ids=ids,
        members_added=outcome.members_added,
        members_removed=outcome.members_removed,
        **counts,
    )
    CohortCursor.objects.filter(pk=cohort_id).update(
        sequence=sequence, ids_applied=F("ids_applied") + ids, last_applied_at=at
    )


def _record(file: CohortImport, action: str, *, by: audit.Actor, **details: int) -> None:
    audit.record(
        workspace=file.cohort.workspace,
        by=by,
        action=f"cohort.{action}",
        object_type="cohort",
        object_id=file.cohort.external_id,
        details={"import": file.pk, **details},
    )
