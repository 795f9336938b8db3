"""Thin, and safe to repeat."""

from celery import shared_task

from partners import retention


@shared_task
def trim_request_log() -> None:
    """Keep the newest lines of each workspace and partner."""
    retention.trim()
