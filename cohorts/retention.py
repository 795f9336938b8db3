"""What is kept for a while, and what goes then."""

from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

from cohorts import erasure
from cohorts.importing import undecided
from partners.models import HourlyFigures, IdempotencyRecord, RequestCount

# What happened by the hour, which outlives the request log's lines.
HOURS_KEPT = timedelta(days=90)

CLEAR_BITMAPS = """
UPDATE cohorts_upload SET members_added = NULL, members_removed = NULL
 WHERE received_at < %s AND applied_at IS NOT NULL AND members_added IS NOT NULL
"""
# Of a cohort's size over time, every step is kept for a while, then the last of each day.
SIZES_KEPT_WHOLE = timedelta(days=30)
SIZES_KEPT_DAILY = timedelta(days=730)

THIN_SIZES = """
DELETE FROM cohorts_cohortsize AS size
 WHERE size.at < %(daily)s
    OR (size.at < %(whole)s AND EXISTS (
        SELECT FROM cohorts_cohortsize AS later
         WHERE later.cohort_id = size.cohort_id AND later.at > size.at
           AND date_trunc('day', later.at, 'UTC') = date_trunc('day', size.at, 'UTC')))
"""


def tidy() -> None:
    """Clear what each old upload added and removed; its counts stay in the ledger for good.

    Thin out sizes over time, forget files that nobody has decided on, and deletions that no
    request can meet any more.
    """
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(CLEAR_BITMAPS, [now - timedelta(days=settings.UPLOAD_RETENTION_DAYS)])
        cursor.execute(
            THIN_SIZES, {"whole": now - SIZES_KEPT_WHOLE, "daily": now - SIZES_KEPT_DAILY}
        )
    IdempotencyRecord.objects.filter(
        created_at__lt=now - timedelta(hours=settings.IDEMPOTENCY_RETENTION_HOURS)
    ).delete()
    for figures in (RequestCount, HourlyFigures):
        figures.objects.filter(hour__lt=now - HOURS_KEPT).delete()
    undecided.tidy(now)
    erasure.tidy()
