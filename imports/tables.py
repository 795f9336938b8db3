"""Rows of a CSV file, each under the number by which a spreadsheet shows it."""

import csv
from itertools import chain, islice

from django.utils.translation import gettext as _

from imports.files import InvalidFile
from imports.lines import LONGEST_ROW, Lines, TooLong, too_long
from imports.sources import Source

Row = list[str]

# Cells may be longer than anybody takes, so that the row is rejected with a reason.
csv.field_size_limit(LONGEST_ROW)
# Rows are drawn a few at a time, so that one without end is noticed early.
_AT_ONCE = 16
# What the csv module is told to read last: it arrives alone, or inside a cell that is open.
_END = "\0end\0"


def read_header(source: Source) -> tuple[Row, int]:
    """The first row, and where the next one starts.

    Raises `InvalidFile`.
    """
    rows = Rows(source, 0, line=1)
    header = rows.take(1, most_bytes=1)
    if rows.unclosed:
        raise InvalidFile(_("In the header a quotation mark is never closed."))
    return (header[0] if header else []), rows.offset


class Rows:
    """The rows from one place of a file on. A blank line is an empty row.

    `line` is the number of the next row: a line break inside a cell doesn't count.
    `unclosed` says that the last row taken has a cell whose quotation mark is never closed.
    """

    def __init__(self, source: Source, offset: int, *, line: int) -> None:
        self.line = line
        self.unclosed = False
        self._lines = Lines(source.read(offset), offset)
        self._reader = csv.reader(chain(self._lines, [_END]))
        self._broken: InvalidFile | None = None

    @property
    def offset(self) -> int:
        """Where the next row starts, in bytes."""
        return self._lines.offset

    def take(self, most: int, *, most_bytes: int) -> list[Row]:
        """The next rows, about `most_bytes` and one row at least; none at the end.

        Raises `InvalidFile` at a row that is too long, once all rows before it were taken.
        """
        rows: list[Row] = []
        until = self._lines.near + most_bytes
        while self._broken is None and len(rows) < most and self._lines.near < until:
            before = len(rows)
            self._lines.mark(_AT_ONCE * LONGEST_ROW)
            try:
                rows.extend(islice(self._reader, min(_AT_ONCE, most - before)))
            except (TooLong, csv.Error):
                self._broken = too_long(self.line + len(rows))
            except InvalidFile as error:
                self._broken = error
            if len(rows) == before:
                break
        if self._broken is not None and not rows:
            raise self._broken
        if self._lines.ended and rows:
            self._notice_end(rows)
        self.line += len(rows)
        return rows

    def _notice_end(self, rows: list[Row]) -> None:
        if rows[-1] == [_END]:
            rows.pop()
        elif rows[-1] and rows[-1][-1].endswith(_END):
            rows[-1][-1] = rows[-1][-1].removesuffix(_END)
            self.unclosed = True
