"""How a block's values of one kind are packed, so that a question reads a few KiB of them. Pure.

A *column* says which positions of a block have which key. In the order of keys it is cut
into *pages* of about a thousand positions each; a key that so many have is a page of its own.
A page carries

- `low`, at which it begins: the start of its first key (keys may be long, `low` is not);
- `members`, the positions of a page of one frequent key, as a bitmap;
- `detail`, its keys and, for other pages, the positions of each;
- `below`, for kinds that are asked for spans, all positions before the page.

So whoever has a given key, or a key below it, is in one page, however many keys there are.
"""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate, chain
from struct import Struct
from typing import NamedTuple

from pyroaring import BitMap64

from profiles.facets.asks import Containing
from profiles.facets.values import ValueKind

# Positions after which a page ends, and from which on a key is a page of its own.
FULL = 1_024
LONGEST_LOW = 512
# Behind every key: the page that says who has any. Encoded texts never hold the byte 0xff,
# finite numbers and the years of the calendar end before it.
END = b"\xff\xff"
# Kinds that are asked for spans of many keys.
SPANNED = frozenset({ValueKind.NUMBER, ValueKind.TIME})

_SIZES = Struct("<II")

# Positions by key.
Column = Mapping[bytes, Sequence[int]]


class Row(NamedTuple):
    """A page as it is stored. `keys` and `positions` count what is in it."""

    low: bytes
    below: bytes | None
    members: bytes | None
    detail: bytes
    keys: int
    positions: int


class Page:
    """A stored page, of which no more is unpacked than is asked for."""

    def __init__(self, members: bytes | memoryview | None, detail: bytes | memoryview) -> None:
        self._members = members
        whole = memoryview(detail)
        self.count, positions = _SIZES.unpack_from(whole)
        start = _SIZES.size
        self._ends = whole[start : (start := start + 4 * self.count)].cast("I")
        self._starts = whole[start : (start := start + 4 * (self.count + 1))].cast("I")
        self._positions = whole[start : (start := start + 2 * positions)].cast("H")
        self._keys = bytes(whole[start:])

    def key(self, index: int) -> bytes:
        return self._keys[self._ends[index - 1] if index else 0 : self._ends[index]]

    def having(self, key: bytes) -> BitMap64:
        """Positions with that key."""
        index = self._index(key)
        found = index < self.count and self.key(index) == key
        return self._between(index, index + 1) if found else BitMap64()

    def under(self, key: bytes) -> BitMap64:
        """Positions with a key before that one."""
        return self._between(0, self._index(key))

    def passing(self, passes: Callable[[bytes], bool]) -> Iterator[BitMap64]:
        """Positions whose keys pass, in parts."""
        for index in range(self.count):
            if passes(self.key(index)):
                yield self._between(index, index + 1)

    def containing(self, part: bytes) -> Iterator[BitMap64]:
        """The same for keys with that part in them, without looking at every key."""
        place = self._keys.find(part)
        while place >= 0:
            index = bisect_left(self._ends, place + 1)
            if place + len(part) <= self._ends[index]:
                yield self._between(index, index + 1)
                place = self._ends[index]
            else:  # it begins in one key and ends in the next
                place += 1
            place = self._keys.find(part, place)

    def counts(self) -> Iterator[tuple[bytes, int, int]]:
        """Each key, how many positions it has, and one of them."""
        for index in range(self.count):
            if self._members is not None:
                held = self._between(index, index + 1)
                yield self.key(index), len(held), held[0]
            else:
                first, last = self._starts[index], self._starts[index + 1]
                yield self.key(index), last - first, self._positions[first]

    def column(self) -> Iterator[tuple[bytes, list[int]]]:
        if self._members is not None:
            yield self.key(0), list(self._between(0, 1))
            return
        positions, begin, first = self._positions.tolist(), 0, 0
        for end, last in zip(self._ends, self._starts[1:], strict=True):
            yield self._keys[begin:end], positions[first:last]
            begin, first = end, last

    def _index(self, key: bytes) -> int:
        return bisect_left(range(self.count), key, key=self.key)

    def _between(self, first: int, last: int) -> BitMap64:
        if first >= last:
            return BitMap64()
        if self._members is not None:
            return BitMap64.deserialize(bytes(self._members))
        return BitMap64(self._slice(first, last))

    def _slice(self, first: int, last: int) -> memoryview:
        return self._positions[self._starts[first] : self._starts[last]]


def passing(page: Page, test: object) -> Iterator[BitMap64]:
    """Positions of the page that pass a test, in parts."""
    if isinstance(test, Containing):
        return page.containing(test.part)
    return page.passing(test.passes)  # type: ignore[attr-defined]  # a test of `asks`


def pressed(column: Column) -> bytes:
    """A column in little memory, in any order: the detail of a page."""
    return _detail(list(column), list(column.values()))


def pack(column: Column, kind: ValueKind) -> Iterator[Row]:
    """The pages of a column."""
    below = BitMap64() if kind in SPANNED else None
    keys = sorted(column)
    held = [column[key] for key in keys]
    first = size = 0
    for index, count in enumerate(map(len, held)):
        # Keys that begin alike for too long to be told apart by `low` stay together.
        if (size >= FULL or (count >= FULL and size)) and low_of(keys[index - 1]) != low_of(
            keys[index]
        ):
            yield _page(keys[first:index], held[first:index], below)
            first, size = index, 0
        # Behind a frequent key the page is full.
        size += count
    if keys:
        yield _page(keys[first:], held[first:], below)
    if below is not None and below:
        yield Row(END, below.serialize(), None, _detail([], []), 0, 0)


def low_of(key: bytes) -> bytes:
    return key[:LONGEST_LOW]


def _page(keys: list[bytes], held: list[Sequence[int]], below: BitMap64 | None) -> Row:
    before = below.serialize() if below is not None else None
    count = sum(map(len, held))
    members = BitMap64()
    if below is not None or (len(keys) == 1 and count >= FULL):
        members = BitMap64(array("Q", chain.from_iterable(held)))
    if below is not None:
        below |= members
    low = low_of(keys[0])
    if len(keys) == 1 and count >= FULL:
        members.run_optimize()
        return Row(low, before, members.serialize(), _detail(keys, [()]), 1, count)
    return Row(low, before, None, _detail(keys, held), len(keys), count)


def _detail(keys: Sequence[bytes], held: Sequence[Sequence[int]]) -> bytes:
    ends = array("I", accumulate(map(len, keys)))
    starts = array("I", accumulate(map(len, held), initial=0))
    flat = array("H", chain.from_iterable(held))
    sizes = _SIZES.pack(len(keys), len(flat))
    return b"".join([sizes, ends.tobytes(), starts.tobytes(), flat.tobytes(), *keys])
