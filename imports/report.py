"""What became of a job's rows, in the words that its kind has for them."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import PurePath
from typing import Any

from imports import kinds, pieces
from imports.kinds import Kind
from imports.models import Job, Role

CONTENT_TYPES = {".csv": "text/csv; charset=utf-8", ".ndjson": "application/x-ndjson"}


class Report:
    """`job` as it was read."""

    def __init__(self, job: Job) -> None:
        self.job = job

    @property
    def kind(self) -> Kind | None:
        """None when no app knows it any more."""
        try:
            return kinds.find(self.job.kind)
        except LookupError:
            return None

    @property
    def counts(self) -> Iterator[tuple[Any, int]]:
        """Each with its word."""
        words = self.kind.counts if self.kind else {name: name for name in self.job.counts}
        for name, word in words.items():
            yield word, self.job.counts.get(name, 0)

    @property
    def has_rejects(self) -> bool:
        """Whether rejected rows can be downloaded; they are kept for a while only."""
        return bool(self.job.rows_rejected) and pieces.exist(self.job.pk, Role.REJECTS)

    @property
    def hidden_rejects(self) -> int:
        """How many are in that file and not among the first ones."""
        return self.job.rows_rejected - len(self.job.first_rejects)

    @property
    def rejects_name(self) -> str:
        """A file name without anything that a header or a disk could take amiss."""
        stem = PurePath(self.job.title.removesuffix(".gz")).stem
        plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in stem)
        return f"{plain[:80].strip('-') or 'import'}-rejected{self._ending}"

    @property
    def rejects_type(self) -> str:
        return CONTENT_TYPES[self._ending]

    @cached_property
    def _ending(self) -> str:
        """A line of JSON begins with a brace, the header of a table never does."""
        start = next(pieces.read(self.job.pk, Role.REJECTS), b"")
        return ".ndjson" if start.startswith(b"{") else ".csv"
