from typing import Any

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore

from workspaces import heartbeat


@shared_task(bind=True)
def beat_heart(self: Any) -> None:
    """Which worker took this is enough to know that one works."""
    heartbeat.beat(self.request.hostname or "worker")


@shared_task
def forget_sessions() -> None:
    """Those that have ended: Django leaves their rows behind."""
    SessionStore.clear_expired()
