"""Record what goes wrong with a job, in transactions of their own.

Trouble with the database is retried for ever. A job that raises anything else
`MOST_FAILURES` times without a batch that goes well in between, or that is under way at
`MOST_DEATHS` deaths of its worker in a row, fails with a sentence. What it has stored stays.
"""

import logging

from django.db import connection
from django.utils.translation import gettext as _

from imports import jobs
from imports.models import Job, JobState

logger = logging.getLogger(__name__)

MOST_FAILURES = 5
MOST_DEATHS = 10
LONGEST_WAIT_SECONDS = 60

BEGIN = """
UPDATE imports_job
   SET state = 'running', attempts = attempts + 1,
       started_at = coalesce(started_at, clock_timestamp())
 WHERE id = %s AND state IN ('waiting', 'running')
RETURNING attempts
"""
FAIL = """
UPDATE imports_job
   SET attempts = 0, failures = failures + 1,
       retry_at = clock_timestamp() + make_interval(secs => least(power(2, failures), %s))
 WHERE id = %s AND state = 'running'
RETURNING failures
"""
EXCUSE = "UPDATE imports_job SET attempts = greatest(attempts - 1, 0) WHERE id = %s"


def begin(job: Job) -> bool:
    """Note that an attempt starts; False when the job is over, or is now given up."""
    attempts = _change(BEGIN, [job.pk])
    if attempts is None:
        return False
    if attempts > MOST_DEATHS:
        logger.error("job given up job=%s kind=%s: its worker kept dying", job.pk, job.kind)
        _give_up(job)
        return False
    return True


def fail(job: Job, error: Exception) -> None:
    """Note that the attempt raised; its text may name ids, so only its type is logged."""
    failures = _change(FAIL, [LONGEST_WAIT_SECONDS, job.pk])
    kind = type(error).__name__
    logger.error("job failed job=%s kind=%s error=%s failures=%s", job.pk, job.kind, kind, failures)
    if failures is not None and failures >= MOST_FAILURES:
        _give_up(job)


def excuse(job: Job) -> None:
    """Take back an attempt that the database or the clock ended."""
    with connection.cursor() as cursor:
        cursor.execute(EXCUSE, [job.pk])


def _give_up(job: Job) -> None:
    jobs.finish(
        job,
        JobState.FAILED,
        error=_(
            "Something went wrong on our side, several times in a row. What is stored stays."
            " Import the file again; if it stops here too, the server's log says more."
        ),
    )


def _change(statement: str, parameters: list[int]) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        row = cursor.fetchone()
    return None if row is None else int(row[0])
