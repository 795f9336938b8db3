"""What a job leaves to be downloaded: the kinds that leave something register here."""

from collections.abc import Iterator
from typing import NamedTuple

from imports import pieces
from imports.models import Job, JobState, Role

CONTENT_TYPES = {".csv": "text/csv; charset=utf-8", ".ndjson": "application/x-ndjson"}

# Kind by the permission that its results ask for in the dashboard.
_permissions: dict[str, str] = {}


class Result(NamedTuple):
    """A file that waits to be downloaded."""

    job: Job

    @property
    def name(self) -> str:
        return file_name(self.job.title)

    @property
    def content_type(self) -> str:
        return CONTENT_TYPES.get(f".{self.name.rpartition('.')[2]}", "application/octet-stream")

    def read(self) -> Iterator[bytes]:
        """The file, a piece at a time."""
        return pieces.read(self.job.pk, Role.RESULT)


def register(kind: str, permission: str) -> None:
    _permissions[kind] = permission


def permission_for(job: Job) -> str:
    """What somebody needs to download what the job makes; empty for one that makes no file."""
    return _permissions.get(job.kind, "")


def result_of(job: Job) -> Result | None:
    """What can be downloaded now; None before the job is done, and when it was long ago."""
    is_there = (
        job.state == JobState.DONE
        and bool(permission_for(job))
        and pieces.exist(job.pk, Role.RESULT)
    )
    return Result(job) if is_there else None


def file_name(title: str) -> str:
    """A file's name without anything that a header or a disk could take amiss."""
    stem, _, ending = title.rpartition(".")
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in stem)
    return f"{plain[:80].strip('-') or 'export'}.{ending}"
