"""Sets of profile ids, cut into blocks: the form in which membership is stored.

A profile id is split in two: its high bits number a *block*, its low `BLOCK_BITS`
bits are a position inside it. A block is stored as one serialised roaring bitmap of
positions (at 2^16 one roaring container, at most 8 KiB), so a write touches only the
blocks that changed and an evaluation is a map over blocks. Everything here is pure.
"""

from collections.abc import Iterable, Mapping

from pyroaring import BitMap64

BLOCK_BITS = 16
BLOCK_SIZE = 1 << BLOCK_BITS


def block_number(profile_id: int) -> int:
    return profile_id >> BLOCK_BITS


def block_numbers(members: BitMap64) -> list[int]:
    """Numbers of the blocks that `members` (whole profile ids) falls into, ascending."""
    numbers = []
    position = 0
    while position < len(members):
        number = members[position] >> BLOCK_BITS
        numbers.append(number)
        position = members.rank(((number + 1) << BLOCK_BITS) - 1)
    return numbers


def cut(members: BitMap64, number: int) -> BitMap64:
    """Positions that `members` (whole profile ids) holds inside block `number`."""
    start = number << BLOCK_BITS
    return (members & BitMap64(range(start, start + BLOCK_SIZE))).shift(-start)


def join(blocks: Mapping[int, BitMap64] | Iterable[tuple[int, BitMap64]]) -> BitMap64:
    """Whole profile ids out of positions by block number."""
    pairs = blocks.items() if isinstance(blocks, Mapping) else blocks
    shifted = [positions.shift(number << BLOCK_BITS) for number, positions in pairs]
    return BitMap64.union(*shifted) if shifted else BitMap64()


def split(members: BitMap64) -> dict[int, BitMap64]:
    """Positions by block number, for every block that `members` falls into."""
    return {number: cut(members, number) for number in block_numbers(members)}
