"""Apply what is pending, within a time budget; what `cohorts.tasks` calls."""

import logging
import time
from collections.abc import Sequence

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import DatabaseError, connection

from cohorts.applying import attempts
from cohorts.applying.apply import MOST_REQUESTS, apply_batch
from cohorts.models import Cohort
from common.http import is_database_away
from common.metrics import apply_seconds

logger = logging.getLogger(__name__)

PENDING = """
SELECT head.cohort_id
  FROM cohorts_cohorthead AS head JOIN cohorts_cohortcursor AS cursor USING (cohort_id)
 WHERE head.sequence > cursor.sequence AND cursor.parked_at IS NULL
   AND (cursor.retry_at IS NULL OR cursor.retry_at <= clock_timestamp())
 ORDER BY cursor.last_applied_at NULLS FIRST, head.cohort_id
 LIMIT %s
"""
MOST_COHORTS_A_RING = 1_000


def pending_cohorts() -> Sequence[int]:
    """Cohorts with requests to apply, the longest neglected first."""
    with connection.cursor() as cursor:
        cursor.execute(PENDING, [MOST_COHORTS_A_RING])
        return [cohort_id for (cohort_id,) in cursor]


def run(cohort_id: int) -> bool:
    """Apply the cohort's pending requests until none is left or the budget is spent.

    True when there may be more to do at once. Nothing is raised: what goes wrong is on
    record, and the next ring tries again.
    """
    workspace_id = Cohort.objects.values_list("workspace_id", flat=True).get(pk=cohort_id)
    deadline = time.monotonic() + settings.APPLY_BUDGET_SECONDS
    careful = False
    while time.monotonic() < deadline:
        attempt = attempts.begin(cohort_id)
        if attempt is None:
            return False
        careful = careful or attempt.careful  # for the whole run: the bad request may come later
        try:
            with apply_seconds.time():
                applied = apply_batch(
                    workspace_id,
                    cohort_id,
                    most_ids=settings.APPLY_BATCH_IDS,
                    most_requests=1 if careful else MOST_REQUESTS,
                )
        except Exception as error:  # noqa: BLE001  # the one place where applying may fail
            _account_for(cohort_id, error)
            return False
        if applied is None or applied.requests == 0:
            attempts.excuse(cohort_id)
            return False
    return True


def _account_for(cohort_id: int, error: Exception) -> None:
    if not (is_database_away(error) or isinstance(error, SoftTimeLimitExceeded)):
        attempts.fail(cohort_id, error)
        return
    logger.warning("apply interrupted cohort=%s error=%s", cohort_id, type(error).__name__)
    connection.close_if_unusable_or_obsolete()
    try:
        attempts.interrupt(cohort_id)
    except DatabaseError:
        # Still away. The attempt stays on record as a death; only twenty in a row count.
        connection.close()
