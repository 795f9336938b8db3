"""One go at a job, a batch at a time.

A batch's effects, its rejects and the job's checkpoint are one transaction, which commits
only if the job still stands where this execution found it. So two runners at once, a
killed one and a task delivered twenty times store nothing twice and leave nothing out.
"""

import json
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.db import DatabaseError, connection, transaction
from django.utils import translation

from common.garbage import little_garbage
from imports import jobs, kinds, pieces
from imports.files import InvalidFile
from imports.kinds import Outcome
from imports.models import Job, JobState, Role
from imports.rejects import Format
from imports.sources import Source

logger = logging.getLogger(__name__)

FIRST_REJECTS = 10

ADVANCE = """
UPDATE imports_job
   SET batches = batches + 1, checkpoint = %s::jsonb, bytes_done = %s,
       rows_done = rows_done + %s, rows_rejected = rows_rejected + %s,
       counts = %s::jsonb, first_rejects = %s::jsonb, seconds_worked = seconds_worked + %s,
       attempts = 0, failures = 0, retry_at = NULL
 WHERE id = %s AND batches = %s AND state = 'running'
RETURNING cancel_requested_at IS NOT NULL
"""

OnBatch = Callable[[Job], None]


class Overtaken(Exception):
    """Somebody else has moved the job on, or ended it."""


class Execution:
    """`job` is as it was read, and is kept in step with what is committed."""

    def __init__(self, job: Job, source: Source) -> None:
        self.job, self.source = job, source
        self.kind = kinds.find(job.kind)

    def go_on(self, *, until: float = float("inf"), on_batch: OnBatch = lambda job: None) -> None:
        """Work from the checkpoint to the end of the file, or until that time of the clock.

        Raises `Overtaken`, and whatever else hinders it; an `InvalidFile` ends the job.
        """
        self._told_at = time.monotonic()
        try:
            with little_garbage(), self._read_ahead() as batches:
                for batch in batches:
                    cancelled = self._commit(batch)
                    on_batch(self.job)
                    if cancelled:
                        self._end(JobState.CANCELLED)
                        return
                    if time.monotonic() >= until:
                        return
        except InvalidFile as error:
            self._end(JobState.FAILED, str(error))
            return
        self._end(JobState.DONE)

    def _commit(self, batch: Any) -> bool:
        """Store the batch and move the job on; whether somebody wants it cancelled."""
        job = self.job
        with transaction.atomic():
            outcome = self.kind.store(job, batch)
            counts, first = self._added_up(outcome)
            self._keep_rejects(outcome)
            now = time.monotonic()
            done = self.source.progress(batch.offset)
            with connection.cursor() as cursor:
                cursor.execute(
                    ADVANCE,
                    [
                        *(json.dumps(batch.checkpoint), done, batch.rows, len(outcome.rejects)),
                        *(json.dumps(counts), json.dumps(first), now - self._told_at),
                        *(job.pk, job.batches),
                    ],
                )
                row = cursor.fetchone()
            if row is None:
                raise Overtaken
        job.batches += 1
        job.checkpoint, job.counts, job.first_rejects = batch.checkpoint, counts, first
        job.bytes_done = done
        job.rows_done += batch.rows
        job.rows_rejected += len(outcome.rejects)
        job.seconds_worked += now - self._told_at
        self._told_at = now
        return bool(row[0])

    def _added_up(self, outcome: Outcome) -> tuple[dict[str, int], list[Any]]:
        job = self.job
        counts = {
            name: job.counts.get(name, 0) + outcome.counts.get(name, 0) for name in self.kind.counts
        }
        room = FIRST_REJECTS - len(job.first_rejects)
        more = [
            {"line": reject.line, "reasons": list(reject.reasons)}
            for reject in outcome.rejects[:room]
        ]
        return counts, job.first_rejects + more

    @cached_property
    def _format(self) -> Format:
        return self.kind.rejects(self.source)

    def _keep_rejects(self, outcome: Outcome) -> None:
        if outcome.rejects:
            start = b"" if self.job.rows_rejected else self._format.begin()
            content = start + self._format.write(outcome.rejects)
            pieces.append(self.job.pk, Role.REJECTS, self.job.batches, content)

    def _end(self, state: JobState, error: str = "") -> None:
        if not jobs.finish(self.job, state, error=error):
            raise Overtaken
        self.job.state, self.job.error = state, error
        try:
            self.kind.clean_up(self.job)
        except (DatabaseError, SoftTimeLimitExceeded) as trouble:
            logger.warning("no clean-up job=%s error=%s", self.job.pk, type(trouble).__name__)

    @contextmanager
    def _read_ahead(self) -> Iterator[Iterator[Any]]:
        """The batches, each read while PostgreSQL stores the one before."""
        upcoming = iter(self.kind.read(self.source, self.job.checkpoint))
        language = translation.get_language() or "en"

        def read() -> Any:
            with translation.override(language):
                return next(upcoming, None)

        def batches() -> Iterator[Any]:
            future = pool.submit(read)
            while (batch := future.result()) is not None:
                future = pool.submit(read)
                yield batch

        with ThreadPoolExecutor(1) as pool:
            try:
                yield batches()
            finally:
                pool.submit(lambda: connection.close())  # the thread's own, if reading took one
