"""Run a job in the process of a command, from a file on its disk."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from django.db import DatabaseError

from imports import attempts, jobs, runner
from imports.claims import claim
from imports.execution import Execution, OnBatch
from imports.files import InvalidFile
from imports.jobs import OnMade
from imports.kinds import Kind
from imports.models import Job, JobState
from imports.sources import Local
from workspaces import audit
from workspaces.models import Workspace

LOOK_EVERY_SECONDS = 0.25
LONGEST_TURN_SECONDS = 10.0


def run(
    workspace: Workspace,
    kind: Kind,
    path: Path,
    *,
    by: audit.Actor,
    on_made: OnMade = lambda job: None,
    on_wait: Callable[[], None] = lambda: None,
    on_batch: OnBatch = lambda job: None,
) -> Job:
    """Do the whole file; all of it is stored, durably, once this returns.

    Jobs that came before are finished first, by whoever is at them or else by us. When
    this is interrupted, what is stored stays and the job ends as cancelled. `on_made` is
    that of `jobs.make`.

    Raises `OSError`, and `InvalidFile`: before anything is stored, or with the job failed.
    """
    source = Local(path)
    kind.check(source)
    waited = False
    while True:
        with claim(workspace.pk) as mine:
            if mine and not Job.objects.in_workspace(workspace).unfinished().exists():
                job = jobs.make(
                    workspace,
                    kind,
                    title=path.name,
                    by=by,
                    on_made=on_made,
                    foreground=True,
                    bytes_total=source.size,
                )
                return _execute(job, source, on_batch=on_batch)
            if not waited:
                waited = True
                on_wait()
            until = time.monotonic() + LONGEST_TURN_SECONDS
            if mine and runner.run_first(workspace.pk, until=until):
                continue
        time.sleep(LOOK_EVERY_SECONDS)


def _execute(job: Job, source: Local, *, on_batch: OnBatch) -> Job:
    attempts.begin(job)
    job.refresh_from_db()
    try:
        Execution(job, source).go_on(on_batch=on_batch)
    except KeyboardInterrupt:
        job.cancelled_by = job.created_by
        job.save(update_fields=["cancelled_by"])
        jobs.finish(job, JobState.CANCELLED)
        raise
    except Exception:
        with suppress(DatabaseError):
            jobs.abandon(job)
        raise
    if job.state == JobState.FAILED:
        raise InvalidFile(job.error)
    return job
