"""Rejected rows as a file of the same kind: with line and reasons in front, and the row itself.

It can be mended and imported as it is, because the two columns in front are known by name
and the apostrophes before formulas are taken off again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from common.spreadsheets import write_csv

LINE, REASONS = "rejected_line", "rejected_because"
OWN = frozenset({LINE, REASONS})
# A row that can't be read as an object, as it stood.
TEXT = "rejected_text"
LONGEST_TEXT_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that can't be taken, under the number by which a spreadsheet shows it.

    `row` is a table's cells, or an object, or the text that should have been one.
    """

    line: int
    reasons: tuple[str, ...]
    row: Any = ()

    @property
    def sentence(self) -> str:
        return "; ".join(self.reasons)


class Format(Protocol):
    """How rejected rows are written."""

    extension: str

    def begin(self) -> bytes: ...

    def write(self, rejects: Sequence[Reject]) -> bytes: ...


class AsTable:
    """A CSV with the columns of the file that the rows come from."""

    extension = "csv"

    def __init__(self, header: Sequence[str]) -> None:
        self.header = header
        self._own = {index for index, name in enumerate(header) if name in OWN}

    def begin(self) -> bytes:
        return write_csv([[LINE, REASONS, *self._cells(self.header)]])

    def write(self, rejects: Sequence[Reject]) -> bytes:
        return write_csv(
            [reject.line, reject.sentence, *self._cells(reject.row)] for reject in rejects
        )

    def _cells(self, row: Sequence[str]) -> list[str]:
        return [cell for index, cell in enumerate(row) if index not in self._own]


class AsObjects:
    """One JSON object a line."""

    extension = "ndjson"

    def begin(self) -> bytes:
        return b""

    def write(self, rejects: Sequence[Reject]) -> bytes:
        return msgspec.json.Encoder().encode_lines([_as_object(reject) for reject in rejects])


def _as_object(reject: Reject) -> dict[str, Any]:
    members = reject.row
    if not isinstance(members, dict):
        members = {TEXT: str(members)[:LONGEST_TEXT_KEPT]}
    return {LINE: reject.line, REASONS: reject.sentence} | {
        name: value for name, value in members.items() if name not in OWN
    }
