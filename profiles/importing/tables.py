"""Read a user CSV in batches.

Work goes column by column wherever it can, because what costs a microsecond a row costs a
second a million.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from common.spreadsheets import restore
from imports.rejects import Reject
from imports.sources import Source
from imports.tables import Row, Rows, read_header
from profiles.custom_values import LONGEST_TEXT, InvalidValue
from profiles.importing.batches import Batch, Name, by_line, in_order
from profiles.importing.columns import LONGEST_ALIAS, LONGEST_ID, Header, parse
from profiles.rules import Kind

# What is wrong with rows, by their index.
Faults = dict[int, list[str]]


def header_of(source: Source) -> tuple[Header, Row, int]:
    """The header, as it is meant and as it stands, and where the first user's row starts.

    Raises `InvalidFile`.
    """
    cells, start = read_header(source)
    header = parse(cells)
    return header, cells, start


def read(
    source: Source, checkpoint: Mapping[str, Any], *, rows: int, most_bytes: int
) -> Iterator[Batch]:
    """Batches of about that many rows, from the checkpoint on.

    Raises `InvalidFile`.
    """
    header, _cells, start = header_of(source)
    taker = Rows(source, checkpoint.get("offset", start), line=checkpoint.get("line", 2))
    while True:
        first = taker.line
        taken = taker.take(rows, most_bytes=most_bytes)
        if not taken:
            return
        place = {"offset": taker.offset, "line": taker.line}
        yield _batch(header, first, taken, place, unclosed=taker.unclosed)


def _batch(
    header: Header, first: int, taken: list[Row], place: dict[str, int], *, unclosed: bool
) -> Batch:
    lines: Sequence[int] = range(first, first + len(taken))
    rows = [[restore(cell) for cell in row] for row in taken] if header.mended else taken
    if not all(rows):
        lines = [line for line, row in zip(lines, rows, strict=True) if row]
        rows = [row for row in rows if row]
    batch = Batch(header.kind, len(rows), place["offset"], dict(place))
    faults = _ragged(header, rows) | ({len(rows) - 1: [_unclosed()]} if unclosed else {})
    misshapen = set(faults)
    _add(faults, _wrong_encoding(rows))
    whole = rows if not misshapen else _without(rows, misshapen)
    back = [index for index in range(len(rows)) if index not in misshapen] if misshapen else None
    for found in (_wrong_ids(header, whole), _wrong_cells(header, whole)):
        _add(faults, {back[i]: texts for i, texts in found.items()} if back else found)
    if faults:
        batch.rejects = [
            Reject(lines[index], tuple(faults[index]), rows[index]) for index in sorted(faults)
        ]
        lines, rows = _without(lines, faults), _without(rows, faults)
    _fill(batch, header, lines, rows)
    return batch


def _unclosed() -> str:
    return _("a quotation mark is never closed")


def _add(faults: Faults, more: Faults) -> None:
    for index, texts in more.items():
        faults.setdefault(index, []).extend(texts)


def _without(values: Sequence[Any], indexes: Container[int]) -> list[Any]:
    return [value for index, value in enumerate(values) if index not in indexes]


def _ragged(header: Header, rows: list[Row]) -> Faults:
    if all(len(row) == header.width for row in rows):
        return {}
    return {
        index: [
            _("it has %(cells)d cells, the header %(width)d")
            % {"cells": len(row), "width": header.width}
        ]
        for index, row in enumerate(rows)
        if len(row) != header.width
    }


def _wrong_encoding(rows: list[Row]) -> Faults:
    """Rows that hold NUL, or bytes that weren't UTF-8."""
    everything = "".join(map("".join, rows))
    try:
        everything.encode()
        if "\0" not in everything:
            return {}
    except UnicodeEncodeError:
        pass
    wrong: Faults = {}
    for index, row in enumerate(rows):
        text = "".join(row)
        if "\0" in text:
            wrong.setdefault(index, []).append(_("it contains NUL"))
        if not text.isascii() and text.encode(errors="replace").decode() != text:
            wrong.setdefault(index, []).append(_("it is not UTF-8"))
    return wrong


def _wrong_ids(header: Header, rows: list[Row]) -> Faults:
    longest = LONGEST_ID if header.label_index is None else LONGEST_ALIAS
    wrong: Faults = {}
    for column, name in (
        (header.label_index, "alias_label"),
        (header.value_index, _ID_COLUMNS[header.kind]),
    ):
        if column is None:
            continue
        lengths = [len(row[column]) for row in rows]
        if lengths and not 0 < min(lengths) <= max(lengths) <= longest:
            text = _("%(name)s must have 1 to %(longest)d characters") % {
                "name": name,
                "longest": longest,
            }
            _add(wrong, {i: [text] for i, size in enumerate(lengths) if not 0 < size <= longest})
    return wrong


_ID_COLUMNS = {
    Kind.EXTERNAL_ID: "external_id",
    Kind.ALIAS: "alias_name",
    Kind.DEVICE: "device_id",
}


def _wrong_cells(header: Header, rows: list[Row]) -> Faults:
    """Cells that their column can't take; each distinct value is looked at once."""
    wrong: Faults = {}
    for column in header.columns:
        cells = [row[column.index] for row in rows]
        bad: dict[str, list[str]] = {}
        for text in set(cells):
            try:
                if len(text) > LONGEST_TEXT:
                    most = f"{LONGEST_TEXT:,}"
                    raise InvalidValue(_("it has more than %(most)s characters") % {"most": most})
                if column.convert and text:
                    column.convert(text)
            except InvalidValue as error:
                bad[text] = [f"{column.name}: {error}"]
        if bad:
            _add(wrong, {index: bad[text] for index, text in enumerate(cells) if text in bad})
    return wrong


def _fill(batch: Batch, header: Header, lines: Sequence[int], rows: list[Row]) -> None:
    """Put the good rows into the batch: each user once, with the last cell that isn't blank."""
    label, value = header.label_index, header.value_index
    if label is None:
        names: list[Name] = [("", row[value]) for row in rows]
    else:
        names = [(row[label], row[value]) for row in rows]
    if header.kind == Kind.DEVICE:
        originals: dict[Name, list[tuple[int, Row]]] = {}
        for name, line, row in zip(names, lines, rows, strict=True):
            originals.setdefault(name, []).append((line, row))
        batch.originals = {behind[-1][0]: behind for behind in originals.values()}
    if len(set(names)) != len(names):
        batch.repeated = by_line(zip(lines, names, _attributes(header, rows), strict=True))
        merged: dict[Name, tuple[int, Row]] = {}
        for name, line, row in zip(names, lines, rows, strict=True):
            if name in merged:
                earlier = merged[name][1]
                row = [cell or before for cell, before in zip(row, earlier, strict=True)]
            merged[name] = line, row
        names = list(merged)
        lines = [line for line, _row in merged.values()]
        rows = [row for _line, row in merged.values()]
    batch.users = in_order(zip(lines, names, _attributes(header, rows), strict=True))


def _attributes(header: Header, rows: list[Row]) -> Iterator[dict[str, Any]]:
    """Blank cells are left out."""
    columns = [(column.index, column.name) for column in header.columns]
    typed = [column for column in header.columns if column.typed]
    values: list[tuple[int, dict[str, Any]]] = []
    for column in typed:
        assert column.convert is not None
        texts = {row[column.index] for row in rows} - {""}
        values.append((column.index, {text: column.convert(text) for text in texts} | {"": ""}))
    for row in rows:
        cells: list[Any] = row
        if values:
            cells = row.copy()
            for index, meant in values:
                cells[index] = meant[cells[index]]
        yield {name: cell for index, name in columns if (cell := cells[index]) != ""}
