"""Import files of a cohort's members: a kind of job, and the calls that begin one."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cohorts.importing import handing, objects, staging, tables
from cohorts.importing.batches import Batch
from cohorts.models import Cohort, CohortImport, Mode
from imports import foreground, jobs
from imports.files import InvalidFile, check_text
from imports.kinds import Outcome
from imports.lines import MARK
from imports.models import Job, JobState
from imports.rejects import AsObjects, AsTable, Format
from imports.sources import Local, Source
from workspaces import audit

# A batch becomes one request of the inbox, which apply takes on several of at once; and a
# transaction that whoever wants to merge users waits for, so it ends within half a second.
BATCH_ROWS = 20_000
BATCH_BYTES = 8 * 1024 * 1024


class CohortFile:
    """Ids as CSV or as JSON objects, told apart by how the file begins."""

    name = "cohort"
    title = gettext_lazy("Import cohort members")
    counts: Mapping[str, Any] = {"ids": gettext_lazy("ids taken")}
    guide = ""  # it has a page of its own, which asks for the cohort: cohorts.pages.upload
    reads_only = False
    audited: Mapping[str, str] = {
        JobState.DONE: "cohort.imported",
        JobState.CANCELLED: "cohort.import_cancelled",
        JobState.FAILED: "cohort.import_failed",
    }

    def check(self, source: Source) -> None:
        if _holds_objects(source):
            objects.check(source)
        else:
            tables.header_of(source)

    def rejects(self, source: Source) -> Format:
        return AsObjects() if _holds_objects(source) else AsTable(tables.header_of(source)[1])

    def read(self, source: Source, checkpoint: Mapping[str, Any]) -> Iterator[Batch]:
        read = objects.read if _holds_objects(source) else tables.read
        return read(source, checkpoint, rows=BATCH_ROWS, most_bytes=BATCH_BYTES)

    def store(self, job: Job, batch: Batch) -> Outcome:
        file = CohortImport.objects.select_related("cohort").get(pk=job.pk)
        if file.mode == Mode.REPLACE:
            staging.stage(file, batch.changes)
        else:
            changes = batch.directed(remove=file.mode == Mode.REMOVE)
            handing.hand_over(file.cohort, job, changes)
        return Outcome({"ids": batch.changes.ids}, batch.rejects)

    def clean_up(self, job: Job) -> None:
        """A file that wasn't read to its end replaces nothing."""
        if job.state != JobState.DONE:
            staging.drop(CohortImport(pk=job.pk))


COHORT_FILE = CohortFile()


def begin(
    cohort: Cohort, *, mode: Mode, title: str, chunks: Iterable[bytes], by: audit.Actor
) -> Job:
    """Keep the file and have it imported in the background.

    Raises `InvalidFile`, and then nothing is kept.
    """
    return jobs.begin(
        cohort.workspace,
        COHORT_FILE,
        title=title,
        chunks=chunks,
        by=by,
        on_made=_noting(cohort, mode),
    )


def run(cohort: Cohort, path: Path, *, mode: Mode, by: audit.Actor, **options: Any) -> Job:
    """Read the whole file: its ids are in the inbox, or kept aside to replace the members.

    `options` are those of `imports.foreground.run`, which also says what is raised.
    """
    return foreground.run(
        cohort.workspace, COHORT_FILE, path, by=by, on_made=_noting(cohort, mode), **options
    )


def check(path: Path) -> None:
    """Raises `InvalidFile` and `OSError` as `run` would, before there is a cohort."""
    COHORT_FILE.check(Local(path))


def _noting(cohort: Cohort, mode: Mode) -> Callable[[Job], None]:
    def note(job: Job) -> None:
        CohortImport.objects.create(job=job, cohort=cohort, mode=mode)

    return note


def _holds_objects(source: Source) -> bool:
    start = next((chunk for chunk in source.read() if chunk), b"")
    check_text(start)
    text = start.removeprefix(MARK).lstrip()
    if text.startswith(b"["):
        raise InvalidFile(_("This is a JSON array: put each object on a line of its own."))
    return text.startswith(b"{")
