"""How many people a cohort holds, exactly, and how many ids wait in it for somebody."""

from collections.abc import Collection
from dataclasses import dataclass

from pyroaring import BitMap64

from cohorts import blocks
from common import bitmaps
from common.cursors import binary_cursor
from common.snapshots import snapshot
from profiles.known import read_known

# Blocks that are in memory at once: 8 KiB each at most.
FETCHED = 500

_NOBODY = BitMap64()


@dataclass(frozen=True, slots=True)
class Size:
    """`matched` members exist; `waiting` ids were named and match nobody yet."""

    matched: int = 0
    waiting: int = 0


def sizes(workspace_id: int, cohort_ids: Collection[int]) -> dict[int, Size]:
    """The size of each of those cohorts, counted in one pass over their blocks.

    Cohorts and users are of one moment; a caller that wants more of the same moment beside
    them opens the snapshot itself.
    """
    found = dict.fromkeys(cohort_ids, Size())
    if not found:
        return found
    with snapshot():
        known = read_known(workspace_id)
        with binary_cursor() as cursor:
            cursor.execute(
                f"SELECT cohort_id, number, {blocks.COLUMNS} FROM cohorts_block"
                " WHERE cohort_id = ANY(%s)",
                [list(found)],
            )
            while rows := cursor.fetchmany(FETCHED):
                for cohort_id, number, *columns in rows:
                    size = found[cohort_id]
                    held = blocks.read(*columns)
                    matched = held.intersection_cardinality(known.get(number, _NOBODY))
                    found[cohort_id] = Size(
                        size.matched + matched, size.waiting + len(held) - matched
                    )
    return found


def waiting_ids(workspace_id: int, cohort_id: int) -> BitMap64:
    """The profile ids in the cohort that match nobody yet."""
    with snapshot():
        members = bitmaps.join(blocks.of(cohort_id))
        return members - bitmaps.join(read_known(workspace_id))
