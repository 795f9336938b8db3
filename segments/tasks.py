"""The doorbell's other end: thin, safe to repeat, without arguments."""

from celery import shared_task
from django.conf import settings

from segments import thinning, watching


@shared_task
def watch_sizes() -> None:
    """Count the segments that were saved, synced or not counted today."""
    watching.watch(seconds=settings.SIZE_BUDGET_SECONDS)


@shared_task
def thin_sizes() -> None:
    """Drop what the history of sizes no longer needs."""
    thinning.thin()
