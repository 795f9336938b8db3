"""Read a CSV of ids in batches."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from cohorts.importing.batches import ALL_NAMES, LONGEST, NAMES, Batch, is_unicode
from cohorts.partner_api.changes import Column
from common.spreadsheets import restore
from imports.files import InvalidFile
from imports.rejects import OWN
from imports.sources import Source
from imports.tables import Row, Rows, read_header


@dataclass(frozen=True, slots=True)
class Header:
    """Where each part of an id stands. `mended` says that these are rejected rows, sent again."""

    places: Mapping[str, int]
    width: int
    mended: bool

    @property
    def only(self) -> Column | None:
        """The kind of all ids, where the columns allow of one."""
        kinds = [column for column, names in NAMES.items() if names[0] in self.places]
        return kinds[0] if len(kinds) == 1 else None


def header_of(source: Source) -> tuple[Header, Row, int]:
    """The header, as it is meant and as it stands, and where the first row starts.

    Raises `InvalidFile`.
    """
    cells, start = read_header(source)
    return parse(cells), cells, start


def parse(cells: Sequence[str]) -> Header:
    """Raises `InvalidFile` when no column names users, or which does is unclear."""
    names = [cell.strip() for cell in cells]
    if len(names) == 1 and re.search(r"[;\t]", names[0]):
        raise InvalidFile(_("Columns must be separated by commas."))
    for name in ALL_NAMES:
        if names.count(name) > 1:
            raise InvalidFile(_("Two columns are named %(name)s.") % {"name": name})
    places = {name: names.index(name) for name in ALL_NAMES if name in names}
    if not places or ("alias_label" in places) != ("alias_name" in places):
        raise InvalidFile(
            _(
                "The header must name external_id, or alias_label and alias_name, or device_id:"
                " the columns that say who is meant."
            )
        )
    return Header(places, len(names), any(name in OWN for name in names))


def read(
    source: Source, checkpoint: Mapping[str, Any], *, rows: int, most_bytes: int
) -> Iterator[Batch]:
    """Batches of about that many rows, from the checkpoint on.

    Raises `InvalidFile`.
    """
    header, _cells, start = header_of(source)
    taker = Rows(source, checkpoint.get("offset", start), line=checkpoint.get("line", 2))
    while True:
        line = taker.line
        taken = taker.take(rows, most_bytes=most_bytes)
        if not taken:
            return
        place = {"offset": taker.offset, "line": taker.line}
        batch = Batch(len(taken), taker.offset, place)
        unclosed = taken.pop() if taker.unclosed else None
        if not _take_all(batch, header, taken):
            _take_each(batch, header, line, taken)
        if unclosed is not None:
            batch.reject(taker.line - 1, unclosed, _("a quotation mark is never closed"))
        yield batch


def _take_all(batch: Batch, header: Header, rows: list[Row]) -> bool:
    """Take rows without a fault in one go, which nearly all are; False when there may be one."""
    column = header.only
    if column is None or header.mended or set(map(len, rows)) != {header.width}:
        return False
    columns = [[row[header.places[name]] for row in rows] for name in NAMES[column]]
    for texts in columns:
        everything = "".join(texts)
        lengths = set(map(len, texts))
        if not 0 < min(lengths) <= max(lengths) <= LONGEST[column]:
            return False
        if "\0" in everything or not is_unicode(everything):
            return False
    changes = batch.changes
    if column is Column.ALIAS:
        changes.alias_labels, changes.alias_names = columns
    elif column is Column.EXTERNAL_ID:
        changes.external_ids = columns[0]
    else:
        changes.device_ids = columns[0]
    return True


def _take_each(batch: Batch, header: Header, first: int, rows: list[Row]) -> None:
    for line, row in enumerate(rows, first):
        if not row:
            batch.rows -= 1
        elif len(row) != header.width:
            text = _("it has %(cells)d cells, the header %(width)d")
            batch.reject(line, row, text % {"cells": len(row), "width": header.width})
        else:
            cells = [restore(cell) for cell in row] if header.mended else row
            batch.take(line, {name: cells[at] for name, at in header.places.items()}, cells)
