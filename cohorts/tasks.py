"""The doorbell's other end: thin, safe to repeat, nothing but ids of cohorts as arguments."""

from celery import shared_task
from kombu.exceptions import OperationalError

from cohorts import counting, retention
from cohorts.applying import runner


@shared_task
def ring() -> None:
    """Enqueue an apply for every cohort with pending requests. Ringing twice does no harm."""
    for cohort_id in runner.pending_cohorts():
        apply_cohort.apply_async([cohort_id], expires=10)


@shared_task
def apply_cohort(cohort_id: int) -> None:
    """Apply for a while; when there is more, go to the back of the queue so that all get a turn."""
    if runner.run(cohort_id):
        try:
            apply_cohort.apply_async([cohort_id], expires=10)
        except OperationalError:
            return  # Redis is away; the next ring finds the cohort


@shared_task
def tidy() -> None:
    """Drop what has outlived its keeping: ledger bitmaps, idempotency keys, request counts."""
    retention.tidy()


@shared_task
def count() -> None:
    """Count cohorts that have changed, and once a day all: their size over time."""
    counting.count_due()
