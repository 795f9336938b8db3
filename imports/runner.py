"""Work a workspace's jobs off; what `imports.tasks` calls.

Those that change something run one after another, in the order in which they came. Exports
change nothing: they take turns with the others, so that nobody waits for a file of millions.
"""

import logging
import time

from celery.exceptions import SoftTimeLimitExceeded
from django.db import DatabaseError, connection
from django.utils import timezone, translation

from common.http import is_database_away
from imports import attempts, jobs, kinds
from imports.claims import claim
from imports.execution import Execution, Overtaken
from imports.models import Job, JobState

logger = logging.getLogger(__name__)


def run(workspace_id: int, *, seconds: float) -> bool:
    """Work until no job is left or time is up. True when there may be more to do at once.

    Nothing is raised: what goes wrong is on record, and the next ring tries again.
    """
    until = time.monotonic() + seconds
    with claim(workspace_id) as mine:
        if not mine:
            return False
        while run_first(workspace_id, until=until):
            if time.monotonic() >= until:
                return True
    return False


def run_first(workspace_id: int, *, until: float) -> bool:
    """Go on with the jobs whose turn it is, by the holder of the claim; False when none is due.

    They are the first that changes something and the first that only reads, and share the time.
    """
    due = [job for job in _first(workspace_id) if not _must_wait(job)]
    for place, job in enumerate(due):
        now = time.monotonic()
        _go_on(job, until=now + (until - now) / (len(due) - place))
    return bool(due)


def _first(workspace_id: int) -> list[Job]:
    unfinished = Job.objects.in_workspace(workspace_id).unfinished()
    reading = kinds.reading()
    found = (
        unfinished.exclude(kind__in=reading).first(),
        unfinished.filter(kind__in=reading).first(),
    )
    return [job for job in found if job is not None]


def _go_on(job: Job, *, until: float) -> None:
    if job.foreground:
        jobs.abandon(job)  # its command would hold the claim
    else:
        with translation.override(job.language):
            _attempt(job, until)


def _must_wait(job: Job) -> bool:
    if job.retry_at is None or job.cancel_requested_at is not None:
        return False
    return job.retry_at > timezone.now()


def _attempt(job: Job, until: float) -> None:
    try:
        if job.cancel_requested_at is not None:
            jobs.finish(job, JobState.CANCELLED)
        elif attempts.begin(job):
            Execution(job, jobs.source_of(job)).go_on(until=until)
    except Overtaken:
        logger.info("job overtaken job=%s", job.pk)
    except Exception as error:  # noqa: BLE001  # the one place where a job may fail
        _account_for(job, error)


def _account_for(job: Job, error: Exception) -> None:
    if not (is_database_away(error) or isinstance(error, SoftTimeLimitExceeded)):
        attempts.fail(job, error)
        return
    logger.warning("job interrupted job=%s error=%s", job.pk, type(error).__name__)
    connection.close_if_unusable_or_obsolete()
    try:
        attempts.excuse(job)
    except DatabaseError:
        connection.close()  # still away; the attempt counts as a death, of which few matter
