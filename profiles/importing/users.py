"""Import files of users: a kind of job, and the call that does one at once."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from imports import foreground
from imports.files import InvalidFile, check_text
from imports.kinds import Outcome
from imports.lines import MARK
from imports.models import Job, JobState
from imports.rejects import AsObjects, AsTable, Format, Reject
from imports.sources import Source
from profiles.importing import bulk, objects, tables
from profiles.importing.batches import Batch
from workspaces import audit
from workspaces.models import Workspace

# Large enough that a batch's fixed costs vanish, small enough that its transaction, which
# whoever wants to merge users waits for, ends within half a second.
BATCH_ROWS = 20_000
BATCH_BYTES = 8 * 1024 * 1024
# A worker has a minute for a task; what isn't vacuumed then, PostgreSQL does by itself.
TENDING_SECONDS = 20


class UserFile:
    """Users as CSV or as JSON objects, told apart by how the file begins."""

    name = "users"
    title = gettext_lazy("Import users")
    counts: Mapping[str, Any] = {
        "created": gettext_lazy("users created"),
        "updated": gettext_lazy("users updated"),
    }
    guide = "imports/partials/users.html"
    reads_only = False
    audited: Mapping[str, str] = {
        JobState.DONE: "users.imported",
        JobState.CANCELLED: "users.import_cancelled",
        JobState.FAILED: "users.import_failed",
    }

    def check(self, source: Source) -> None:
        if _holds_objects(source):
            objects.kind_of(source)
        else:
            tables.header_of(source)

    def rejects(self, source: Source) -> Format:
        return AsObjects() if _holds_objects(source) else AsTable(tables.header_of(source)[1])

    def read(self, source: Source, checkpoint: Mapping[str, Any]) -> Iterator[Batch]:
        read = objects.read if _holds_objects(source) else tables.read
        return read(source, checkpoint, rows=BATCH_ROWS, most_bytes=BATCH_BYTES)

    def store(self, job: Job, batch: Batch) -> Outcome:
        stored = bulk.store(job.workspace_id, batch)
        rejects = batch.rejects
        if stored.muted:
            rejects = sorted([*rejects, *_muted(batch, stored.muted)], key=lambda one: one.line)
        updated = batch.rows - stored.created - len(rejects)
        return Outcome({"created": stored.created, "updated": updated}, rejects)

    def clean_up(self, job: Job) -> None:
        bulk.tend(seconds=0 if job.foreground else TENDING_SECONDS)


USER_FILE = UserFile()


def run(workspace: Workspace, path: Path, *, by: audit.Actor, **options: Any) -> Job:
    """Store the users of the file; all of them are, durably, once this returns.

    Runs outside any transaction, with one for each batch. `options` are those of
    `imports.foreground.run`, which also says what is raised.
    """
    return foreground.run(workspace, USER_FILE, path, by=by, **options)


def _holds_objects(source: Source) -> bool:
    start = next((chunk for chunk in source.read() if chunk), b"")
    check_text(start)
    text = start.removeprefix(MARK).lstrip()
    if text.startswith(b"["):
        raise InvalidFile(_("This is a JSON array: put each object on a line of its own."))
    return text.startswith(b"{")


def _muted(batch: Batch, lines: list[int]) -> list[Reject]:
    reason = _("the device belongs to an identified user")
    return [Reject(line, (reason,), row) for last in lines for line, row in batch.originals[last]]
