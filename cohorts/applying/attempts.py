"""Record what goes wrong with applying a cohort, in transactions of their own.

Infrastructure trouble is retried for ever. After anything else the next attempt takes one
request; one that raises `MOST_FAILURES` times, or is under way at `MOST_DEATHS` deaths of
the process in a row, parks its cohort: order matters, so it can't be passed over silently.
Accepting goes on; an operator retries or skips.
"""

import logging
from dataclasses import dataclass

from django.db import connection, transaction

from cohorts.models import Cohort, CohortCursor, Upload
from workspaces import audit

logger = logging.getLogger(__name__)

MOST_FAILURES = 8
MOST_DEATHS = 20
LONGEST_WAIT_SECONDS = 60

BEGIN = """
UPDATE cohorts_cohortcursor SET attempts = attempts + 1
 WHERE cohort_id = (
       SELECT cohort_id FROM cohorts_cohortcursor
        WHERE cohort_id = %s AND parked_at IS NULL
          AND (retry_at IS NULL OR retry_at <= clock_timestamp())
          FOR UPDATE SKIP LOCKED)
RETURNING attempts, failures
"""
FAIL = """
UPDATE cohorts_cohortcursor
   SET attempts = 0, failures = failures + 1, error = %s,
       retry_at = clock_timestamp() + make_interval(secs => least(power(2, failures) - 1, %s)),
       parked_at = CASE WHEN failures + 1 >= %s THEN clock_timestamp() END
 WHERE cohort_id = %s
RETURNING parked_at IS NOT NULL
"""
PARK = """
UPDATE cohorts_cohortcursor SET parked_at = clock_timestamp(), error = %s
 WHERE cohort_id = %s AND parked_at IS NULL
"""
EXCUSE = """
UPDATE cohorts_cohortcursor SET attempts = greatest(attempts - 1, %s) WHERE cohort_id = %s
"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at a cohort's next requests. A careful one takes a single request."""

    careful: bool


def begin(cohort_id: int) -> Attempt | None:
    """Note that an attempt starts; None when the cohort is taken, waiting or parked."""
    with connection.cursor() as cursor:
        cursor.execute(BEGIN, [cohort_id])
        row = cursor.fetchone()
    if row is None:
        return None
    attempts, failures = row
    if attempts > MOST_DEATHS:
        park(cohort_id, f"The worker died {MOST_DEATHS} times in a row while applying it.")
        return None
    return Attempt(careful=attempts > 1 or failures > 0)


def fail(cohort_id: int, error: Exception) -> None:
    """Note that the attempt raised. Only the kind of error is kept: its text may name ids."""
    kind = type(error).__name__
    with connection.cursor() as cursor:
        cursor.execute(FAIL, [kind, LONGEST_WAIT_SECONDS, MOST_FAILURES, cohort_id])
        (parked,) = cursor.fetchone()
    logger.error("apply failed cohort=%s error=%s parked=%s", cohort_id, kind, parked)


def park(cohort_id: int, reason: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(PARK, [reason, cohort_id])
    logger.error("cohort parked cohort=%s", cohort_id)


def excuse(cohort_id: int) -> None:
    """Take back an attempt that found nothing to do."""
    with connection.cursor() as cursor:
        cursor.execute(EXCUSE, [0, cohort_id])


def interrupt(cohort_id: int) -> None:
    """Take back an attempt that the database or the clock ended, but go on carefully.

    It never parks the cohort. But what a whole batch has no time for, one request may have.
    """
    with connection.cursor() as cursor:
        cursor.execute(EXCUSE, [1, cohort_id])


def retry(cohort: Cohort, *, by: audit.Actor) -> None:
    """Take a parked cohort up again, from the request that parked it. Others are left alone."""
    parked = CohortCursor.objects.filter(pk=cohort.pk, parked_at__isnull=False)
    with transaction.atomic():
        if parked.update(parked_at=None, attempts=0, failures=0, retry_at=None):
            _record(cohort, "retried", by=by)


def skip(cohort: Cohort, *, by: audit.Actor) -> int:
    """Give up the request that parked the cohort, and take up the rest; its sequence number.

    The ledger keeps the request as skipped, its ids as not applied.
    """
    with transaction.atomic():
        cursor = CohortCursor.objects.select_for_update().get(pk=cohort.pk, parked_at__isnull=False)
        upload = Upload.objects.get(cohort=cohort, sequence=cursor.sequence + 1)
        with connection.cursor() as sql:
            sql.execute(
                """
                UPDATE cohorts_upload
                   SET skipped_at = clock_timestamp(), runs = NULL, external_ids = NULL,
                       device_ids = NULL, alias_labels = NULL, alias_names = NULL
                 WHERE cohort_id = %s AND sequence = %s
                """,
                [cohort.pk, upload.sequence],
            )
        cursor.sequence = upload.sequence
        cursor.ids_applied += upload.ids
        cursor.parked_at = cursor.retry_at = None
        cursor.attempts = cursor.failures = 0
        cursor.save()
        _record(cohort, "skipped", by=by, sequence=upload.sequence, ids=upload.ids)
    return upload.sequence


def _record(cohort: Cohort, action: str, *, by: audit.Actor, **details: int) -> None:
    audit.record(
        workspace=cohort.workspace,
        by=by,
        action=f"cohort.{action}",
        object_type="cohort",
        object_id=cohort.external_id,
        details=details,
    )
