"""Users out of a file, in batches that are ready for PostgreSQL."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from struct import Struct
from typing import Any

import msgspec

from imports.rejects import Reject
from profiles.rules import Kind

# PostgreSQL's binary COPY: its signature with flags and extension, and its end.
_START = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_LINE_AND_LABEL = Struct("!hiqi")  # four fields; eight bytes, the line; the label's length
_LENGTH = Struct("!i")
_JSONB_VERSION = b"\1"

# What names a user: a label, which only aliases have, and a value.
Name = tuple[str, str]
Attributes = Mapping[str, Any]


@dataclass(slots=True)
class Batch:
    """Rows that name each user once, as a binary COPY of (line, label, value, attributes).

    `named` counts those users, `rows` what the file has. With `removes`, attributes may be
    null. `originals` are the rows behind a line as (line, row), for what only storing finds
    out; files of devices have them.
    """

    kind: Kind
    rows: int
    offset: int
    checkpoint: dict[str, Any]
    payload: bytes = b""
    named: int = 0
    removes: bool = False
    rejects: list[Reject] = field(default_factory=list)
    originals: Mapping[int, list[tuple[int, Any]]] = field(default_factory=dict)


def encode(users: Iterable[tuple[int, Name, Attributes]]) -> bytes:
    to_json = msgspec.json.Encoder().encode
    parts = [_START]
    add = parts.append
    for line, (label_text, value_text), attributes in users:
        label, value = label_text.encode(), value_text.encode()
        document = to_json(attributes)
        add(_LINE_AND_LABEL.pack(4, 8, line, len(label)))
        add(label)
        add(_LENGTH.pack(len(value)))
        add(value)
        add(_LENGTH.pack(len(document) + 1))
        add(_JSONB_VERSION)
        add(document)
    add(_END)
    return b"".join(parts)
