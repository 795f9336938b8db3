"""A worker's sign of life, as a row: it needs no ping over Redis, which may be what is away."""

from datetime import timedelta

from django.db import connection
from django.db.models.functions import Now

from workspaces.models import WorkerHeartbeat

# How often a worker is asked to beat is in the schedule: every five seconds.
MOST_SECONDS = 20.0
KEPT = timedelta(days=1)


def beat(name: str) -> None:
    """Note that the worker of that name runs tasks, and forget those long silent."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO workspaces_workerheartbeat (name, beat_at) VALUES (%s, now())
            ON CONFLICT (name) DO UPDATE SET beat_at = excluded.beat_at
            """,
            [name[:64]],
        )
    WorkerHeartbeat.objects.filter(beat_at__lt=Now() - KEPT).delete()
