"""How long the files that jobs leave behind are kept."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from imports.models import Piece


def tidy() -> int:
    """Drop rejected rows and results of jobs that ended long ago; how many pieces they were."""
    before = timezone.now() - timedelta(days=settings.JOB_FILES_RETENTION_DAYS)
    dropped: int = Piece.objects.filter(job__finished_at__lt=before).delete()[0]
    return dropped
