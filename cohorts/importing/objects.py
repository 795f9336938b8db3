"""Read a file of JSON objects, one id a line, in batches."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from django.utils.translation import gettext as _

from cohorts.importing.batches import ALL_NAMES, Batch
from imports.files import InvalidFile
from imports.lines import MARK, blocks
from imports.sources import Source

_decoder = msgspec.json.Decoder()
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def check(source: Source) -> None:
    """Raise `InvalidFile` when the first object names nobody."""
    for block in blocks(source.read()):
        for line in block.removeprefix(MARK).split(b"\n"):
            if line.strip():
                _check_first(line)
                return
    raise InvalidFile(_("The file is empty."))


def read(
    source: Source, checkpoint: Mapping[str, Any], *, rows: int, most_bytes: int
) -> Iterator[Batch]:
    """Batches of about that many rows, from the checkpoint on.

    Raises `InvalidFile`.
    """
    offset, line = checkpoint.get("offset", 0), checkpoint.get("line", 1)
    start, lines = offset, []
    for block in blocks(source.read(offset)):
        text = block.removeprefix(MARK) if offset == 0 else block
        offset += len(block)
        lines += text.removesuffix(b"\n").split(b"\n")
        if len(lines) >= rows or offset - start >= most_bytes:
            yield _batch(lines, line, offset)
            line += len(lines)
            start, lines = offset, []
    if lines:
        yield _batch(lines, line, offset)


def _batch(lines: list[bytes], first: int, offset: int) -> Batch:
    batch = Batch(0, offset, {"offset": offset, "line": first + len(lines)})
    for line, text in enumerate(lines, first):
        if not text.strip():
            continue
        batch.rows += 1
        try:
            members = _decoder.decode(text)
        except _UNREADABLE:
            members = text.decode(errors="replace")
        if isinstance(members, dict):
            batch.take(line, members, members)
        else:
            batch.reject(line, members, _("it is not a JSON object"))
    return batch


def _check_first(line: bytes) -> None:
    try:
        members = _decoder.decode(line)
    except _UNREADABLE:
        members = None
    if not isinstance(members, dict):
        raise InvalidFile(_("Each line must be a JSON object; the first isn't."))
    if not members.keys() & set(ALL_NAMES):
        raise InvalidFile(
            _(
                "The first line must name its user by external_id, or alias_label and"
                " alias_name, or device_id."
            )
        )
