"""Whom a segment reached when its export was ordered, and what was ordered, as a file.

The file is the input of a job like any other, so an export that is interrupted goes on with
the same people. Its first line says what to export, then comes block after block, each a
bitmap with its number and length in front.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from struct import Struct
from typing import Any, Literal

from pyroaring import BitMap64

from common.bitmaps import BLOCK_BITS
from imports.sources import Source

_HEAD = Struct("!QI")

Format = Literal["ndjson", "csv"]


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be exported of each member. `attributes` are custom ones, None for all."""

    segment: str
    name: str
    format: Format
    fields: tuple[str, ...]
    attributes: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where an export stands: at a block of the file, so many of whose members are done."""

    offset: int
    done: int = 0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Part:
    """Some members, the place behind them, and how many bytes of the file that means."""

    profile_ids: list[int]
    place: Place
    offset: int


def write(order: Order, blocks: Iterable[tuple[int, BitMap64]]) -> Iterator[bytes]:
    """The file, in pieces."""
    yield json.dumps(asdict(order)).encode() + b"\n"
    for number, positions in blocks:
        if positions:
            content = positions.serialize()
            yield _HEAD.pack(number, len(content)) + content


def read_order(source: Source) -> tuple[Order, Place]:
    """What was ordered, and the place where the members start."""
    line = _Reader(source, 0).line()
    values = json.loads(line)
    attributes = values.pop("attributes")
    order = Order(
        **{**values, "fields": tuple(values["fields"])},
        attributes=None if attributes is None else tuple(attributes),
    )
    return order, Place(len(line))


def read(source: Source, place: Place, *, most: int) -> Iterator[Part]:
    """The members from that place on, at most so many at once."""
    reader = _Reader(source, place.offset)
    offset, done = place.offset, place.done
    while head := reader.take(_HEAD.size):
        number, length = _HEAD.unpack(head)
        positions = BitMap64.deserialize(reader.take(length))
        end = offset + _HEAD.size + length
        start = number << BLOCK_BITS
        while done < len(positions):
            some = [start + one for one in positions[done : done + most]]
            done += len(some)
            if done == len(positions):
                yield Part(some, Place(end), end)
            else:
                so_far = offset + (end - offset) * done // len(positions)
                yield Part(some, Place(offset, done), so_far)
        offset, done = end, 0


class _Reader:
    """Bytes out of a source, as many as are wanted at a time."""

    def __init__(self, source: Source, offset: int) -> None:
        self._chunks = source.read(offset)
        self._rest = b""

    def take(self, length: int) -> bytes:
        """The next bytes; none at the end of the file."""
        while len(self._rest) < length and (chunk := next(self._chunks, b"")):
            self._rest += chunk
        taken, self._rest = self._rest[:length], self._rest[length:]
        return taken

    def line(self) -> bytes:
        """All up to a line break, with it."""
        while b"\n" not in self._rest and (chunk := next(self._chunks, b"")):
            self._rest += chunk
        return self._rest[: self._rest.index(b"\n") + 1]
