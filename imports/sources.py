"""Where a job's file is read from: the database, or the disk of a command."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from imports import files, pieces
from imports.models import Role

_AT_ONCE = 1024 * 1024


class Source(Protocol):
    """A file, unzipped, that can be read from any place on."""

    size: int

    def read(self, offset: int = 0) -> Iterator[bytes]:
        """The bytes from `offset` on."""

    def progress(self, offset: int) -> int:
        """How much of `size` that offset means."""


class Stored:
    """A file that was uploaded. It was unzipped then."""

    def __init__(self, job_id: int, size: int) -> None:
        self.job_id, self.size = job_id, size

    def read(self, offset: int = 0) -> Iterator[bytes]:
        return pieces.read(self.job_id, Role.INPUT, offset)

    def progress(self, offset: int) -> int:
        return offset


class Local:
    """A file on the disk, zipped or not."""

    def __init__(self, path: Path) -> None:
        """Raises `OSError`."""
        self.path = path
        with path.open("rb") as file:
            self.zipped = file.read(2) == b"\x1f\x8b"
        self.size = path.stat().st_size
        self._read = 0

    def read(self, offset: int = 0) -> Iterator[bytes]:
        for chunk in files.unzip(self._chunks(0 if self.zipped else offset)):
            if self.zipped and offset:
                chunk, offset = chunk[offset:], max(0, offset - len(chunk))
            yield chunk

    def progress(self, offset: int) -> int:
        return self._read if self.zipped else offset

    def _chunks(self, offset: int) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            file.seek(offset)
            self._read = 0
            while chunk := file.read(_AT_ONCE):
                self._read += len(chunk)
                yield chunk
