"""Prove that cohorts hold nobody but users and waiting ids, and that the ledger adds up.

Belongs in one snapshot, together with the checks of `profiles.integrity`.
"""

from collections.abc import Iterator

from django.db import connection
from pyroaring import BitMap64

from cohorts import blocks
from cohorts.applying.folding import COUNTS
from cohorts.models import Cohort, Upload
from common.bitmaps import BLOCK_BITS
from profiles.integrity import described, fits, known_ids, reserved_ids

# For every cohort of a workspace: the two counters beside what the uploads say.
_LEDGER = f"""
SELECT cohort.id, head.sequence, head.ids_received, cursor.sequence, cursor.ids_applied,
       count(upload.sequence), coalesce(min(upload.sequence), 1),
       coalesce(max(upload.sequence), 0), coalesce(sum(upload.ids), 0),
       coalesce(sum(upload.ids) FILTER (WHERE upload.sequence <= cursor.sequence), 0),
       count(*) FILTER (WHERE upload.sequence <= cursor.sequence
                          AND upload.applied_at IS NULL AND upload.skipped_at IS NULL),
       count(*) FILTER (WHERE upload.sequence > cursor.sequence
                          AND (upload.applied_at IS NOT NULL OR upload.skipped_at IS NOT NULL)),
       count(*) FILTER (WHERE upload.applied_at IS NOT NULL
                          AND {" + ".join(f"upload.{count}" for count in COUNTS)} <> upload.ids)
FROM cohorts_cohort AS cohort
LEFT JOIN cohorts_cohorthead AS head ON head.cohort_id = cohort.id
LEFT JOIN cohorts_cohortcursor AS cursor ON cursor.cohort_id = cohort.id
LEFT JOIN cohorts_upload AS upload ON upload.cohort_id = cohort.id
WHERE cohort.workspace_id = %s
GROUP BY cohort.id, head.cohort_id, cursor.cohort_id ORDER BY cohort.id
"""


def problems(workspace_id: int) -> Iterator[str]:
    """One sentence for each thing that is wrong among the workspace's cohorts."""
    with connection.cursor() as cursor:
        cursor.execute(_LEDGER, [workspace_id])
        for cohort_id, *counters in cursor.fetchall():
            for problem in _counter_problems(*counters):
                yield f"cohort {cohort_id}: {problem}"
    exists = known_ids(workspace_id) | reserved_ids(workspace_id)
    for cohort in Cohort.objects.filter(workspace_id=workspace_id).order_by("pk"):
        for problem in _member_problems(cohort.pk, exists):
            yield f"cohort {cohort.pk}: {problem}"


def _counter_problems(
    accepted: int | None,
    ids_received: int,
    applied: int | None,
    ids_applied: int,
    uploads: int,
    first: int,
    last: int,
    ids: int,
    ids_up_to_cursor: int,
    unfinished: int,
    hasty: int,
    not_adding_up: int,
) -> Iterator[str]:
    if accepted is None or applied is None:
        yield "it has no head or no cursor"
        return
    if applied > accepted:
        yield f"{applied} is applied, but only {accepted} was accepted"
    if uploads and (last != accepted or uploads != last - first + 1):
        yield f"{uploads} uploads are kept from {first} to {last}, but {accepted} were accepted"
    if first == 1 and ids != ids_received:
        yield f"{ids_received} ids were received, but the uploads name {ids}"
    if first == 1 and ids_up_to_cursor != ids_applied:
        yield f"{ids_applied} ids were applied, but the uploads up to there name {ids_up_to_cursor}"
    if unfinished:
        yield f"{unfinished} uploads up to the cursor are neither applied nor skipped"
    if hasty:
        yield f"{hasty} uploads past the cursor are applied already"
    if not_adding_up:
        yield f"outcomes of {not_adding_up} uploads don't add up to their ids"


def _member_problems(cohort_id: int, exists: BitMap64) -> Iterator[str]:
    members = BitMap64()
    for number, positions in sorted(blocks.of(cohort_id).items()):
        if not fits(positions):
            yield f"block {number} reaches past its end"
        members |= positions.shift(number << BLOCK_BITS)
    yield from described("member is neither a user nor waiting", members - exists)
    yield from _replay_problems(cohort_id, members, exists)


def _replay_problems(cohort_id: int, members: BitMap64, exists: BitMap64) -> Iterator[str]:
    """Whether what each upload added and removed leads to the members.

    As far as the ledger can say: an id that is gone may have been merged into one that no
    upload named, so every id gone excuses one member more. Nothing to say once retention
    has cleared an upload's bitmaps.
    """
    uploads = Upload.objects.filter(cohort_id=cohort_id, applied_at__isnull=False)
    replayed, gone = BitMap64(), BitMap64()
    expected = 0
    columns = ("sequence", "members_added", "members_removed")
    for sequence, added, removed in uploads.order_by("sequence").values_list(*columns).iterator():
        if added is None or removed is None:
            return
        expected = expected or sequence
        replayed |= added
        replayed -= removed
        gone |= added - exists
    if expected > 1:
        return
    yield from described("member is missing", (replayed - members) & exists)
    unexplained = members - replayed
    if len(unexplained) > len(gone):
        yield from described("member was added by no upload", unexplained)
