"""Read and write cohorts' members block by block.

A block is stored as its members and a patch over them: positions that identities moved in
(`added`) and out (`removed`) since the members were written, NULL when there are none. Of a
user who is in thousands of cohorts, a merge writes a few bytes for each cohort that way and
not a block. An id that went is gone for good, so `removed` wins whatever the order was.

Whoever reads a block reads all three columns; whoever writes one works the patch in.
"""

from collections.abc import Iterable, Mapping

from django.db import connection
from pyroaring import BitMap64

from common import bitmaps
from common.cursors import binary_cursor

# What `read` takes.
COLUMNS = "members, added, removed"

# Cohort id and block number.
Place = tuple[int, int]

_WRITE = """
INSERT INTO cohorts_block (cohort_id, number, members)
SELECT cohort_id, number, members
FROM unnest(%s::bigint[], %s::bigint[], %b::bytea[]) AS new (cohort_id, number, members)
ORDER BY cohort_id, number
ON CONFLICT (cohort_id, number) DO UPDATE
   SET members = excluded.members, added = NULL, removed = NULL
"""


def read(
    members: bytes | memoryview, added: list[int] | None, removed: list[int] | None
) -> BitMap64:
    """The positions that a block holds, from its columns."""
    return patched(BitMap64.deserialize(bytes(members)), added, removed)


def patched(members: BitMap64, added: list[int] | None, removed: list[int] | None) -> BitMap64:
    """The positions that a block holds: `members` is changed, and returned."""
    if added:
        members.update(added)
    if removed:
        members.difference_update(BitMap64(removed))
    return members


def holds(position: str) -> str:
    """SQL that tells whether `block` holds the position that an expression gives.

    `removed` comes first: who is gone is gone, whatever members and `added` say.
    """
    return (
        f"{position} <> ALL (coalesce(block.removed, '{{}}'))"
        f" AND ({position} = ANY (block.added) OR cohorts_holds(block.members, {position}))"
    )


def of(cohort_id: int) -> dict[int, BitMap64]:
    """The positions in every block of the cohort, by number."""
    with binary_cursor() as cursor:
        cursor.execute(
            f"SELECT number, {COLUMNS} FROM cohorts_block WHERE cohort_id = %s", [cohort_id]
        )
        return {number: read(*columns) for number, *columns in cursor}


def load(cohort_id: int, numbers: Iterable[int]) -> BitMap64:
    """The cohort's members (whole profile ids) in the blocks of those numbers."""
    with binary_cursor() as cursor:
        cursor.execute(
            f"SELECT number, {COLUMNS} FROM cohorts_block"
            " WHERE cohort_id = %s AND number = ANY(%s)",
            [cohort_id, list(numbers)],
        )
        return bitmaps.join((number, read(*columns)) for number, *columns in cursor)


def fetch(places: Iterable[Place]) -> dict[Place, BitMap64]:
    """The positions in each of those blocks that there is."""
    cohort_ids, numbers = _columns(places)
    if not numbers:
        return {}
    with binary_cursor() as cursor:
        cursor.execute(
            f"""
            SELECT cohort_id, number, {COLUMNS} FROM cohorts_block
            WHERE (cohort_id, number) IN (SELECT * FROM unnest(%s::bigint[], %s::bigint[]))
            """,
            [cohort_ids, numbers],
        )
        return {(cohort_id, number): read(*columns) for cohort_id, number, *columns in cursor}


def store(cohort_id: int, members: BitMap64, numbers: Iterable[int]) -> None:
    """Write the blocks of those numbers as they are in `members` (whole profile ids)."""
    write({(cohort_id, number): bitmaps.cut(members, number) for number in numbers})


def write(blocks: Mapping[Place, BitMap64]) -> None:
    """Write whole blocks, in one statement and in the order of locks.

    A block that lost its last member stays, empty: the next add would make it again.
    """
    for positions in blocks.values():
        positions.run_optimize()
    cohort_ids, numbers = _columns(blocks)
    members = [positions.serialize() for positions in blocks.values()]
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [cohort_ids, numbers, members])


def _columns(places: Iterable[Place]) -> tuple[list[int], list[int]]:
    pairs = list(places)
    return [cohort_id for cohort_id, _ in pairs], [number for _, number in pairs]
