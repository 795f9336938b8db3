"""The doorbell's other end: thin, safe to repeat, nothing but ids of workspaces as arguments."""

from celery import shared_task
from django.conf import settings
from kombu.exceptions import OperationalError

from imports import claims, retention, runner


@shared_task
def ring() -> None:
    """Enqueue a run for each workspace with jobs that nobody is at. Ringing twice is harmless."""
    for workspace_id in claims.unclaimed():
        run_jobs.apply_async([workspace_id], expires=10)


@shared_task
def run_jobs(workspace_id: int) -> None:
    """Work for a while; when there is more, go to the back of the queue so that all get a turn."""
    if runner.run(workspace_id, seconds=settings.JOB_BUDGET_SECONDS):
        try:
            run_jobs.apply_async([workspace_id], expires=10)
        except OperationalError:
            return  # Redis is away; the next ring finds the workspace


@shared_task
def tidy() -> None:
    """Drop the files of jobs that ended long ago. Their reports stay."""
    retention.tidy()
