"""Move and clear bits when identities change: the cohorts' part of `profiles.memberships`.

The caller owns the workspace's identities, so no apply is under way and no block needs a
lock of its own.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from django.db import connection
from pyroaring import BitMap64

from cohorts import blocks, erasure, patches
from cohorts.blocks import Place
from common import bitmaps
from common.bitmaps import BLOCK_BITS, BLOCK_SIZE
from profiles.rules import Key

# Ids that are looked up one by one: as many as a call names. Purges and imports have more.
FEW = 100

# Blocks that are in memory at once: 8 KiB each at most.
AT_ONCE = 4_000


def merge_bits(workspace_id: int, pairs: Sequence[tuple[int, int]]) -> None:
    """Cohorts that hold the first id of a pair hold the second instead, pair after pair.

    An id that was first once is never second later.
    """
    target_of: dict[int, int | None] = {}
    for source, target in reversed(pairs):
        target_of[source] = target_of.get(target, target)
    _move(workspace_id, target_of)


def clear_bits(workspace_id: int, profile_ids: Sequence[int]) -> None:
    """No cohort of the workspace holds these ids any more."""
    _move(workspace_id, dict.fromkeys(profile_ids))


def clear_ids(workspace_id: int, keys: Sequence[Key]) -> None:
    """No request that is still to be applied names these ids any more."""
    erasure.clear(workspace_id, keys)


def _move(workspace_id: int, target_of: Mapping[int, int | None]) -> None:
    if len(target_of) > FEW:
        _move_many(workspace_id, target_of)
    elif due := patches.move(workspace_id, target_of):
        blocks.write(blocks.fetch(due))


@dataclass(slots=True)
class _Change:
    """Positions that come to one block and go from it."""

    added: BitMap64 = field(default_factory=BitMap64)
    removed: BitMap64 = field(default_factory=BitMap64)

    def __len__(self) -> int:
        return len(self.added) + len(self.removed)


def _move_many(workspace_id: int, target_of: Mapping[int, int | None]) -> None:
    """The same by set algebra on whole blocks, a number of cohorts at a time."""
    asked = bitmaps.split(BitMap64(target_of))
    for cohort_ids in _cohorts(workspace_id, max(1, AT_ONCE // len(asked))):
        whole = blocks.fetch(product(cohort_ids, asked))
        changes: defaultdict[Place, _Change] = defaultdict(_Change)
        for (cohort_id, number), members in whole.items():
            held = members & asked[number]
            if held:
                changes[cohort_id, number].removed |= held
            for position in held:
                target = target_of[(number << BLOCK_BITS) + position]
                if target is not None:
                    place = cohort_id, bitmaps.block_number(target)
                    changes[place].added.add(target % BLOCK_SIZE)
        _write(changes, whole)


def _cohorts(workspace_id: int, at_once: int) -> Iterator[list[int]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM cohorts_cohort WHERE workspace_id = %s", [workspace_id])
        cohort_ids = sorted(cohort_id for (cohort_id,) in cursor)
    for start in range(0, len(cohort_ids), at_once):
        yield cohort_ids[start : start + at_once]


def _write(changes: Mapping[Place, _Change], whole: Mapping[Place, BitMap64]) -> None:
    """Patch the blocks that change a little; write anew what changes or has changed much."""
    much = {place: change for place, change in changes.items() if len(change) > patches.MOST}
    due = patches.note(
        row
        for place, change in changes.items()
        if place not in much
        for row in _rows(place, change)
    )
    anew = {place: members for place, members in whole.items() if place in much}
    anew |= blocks.fetch([*due, *(much.keys() - whole.keys())])
    for place, change in much.items():
        members = anew.setdefault(place, BitMap64())
        members |= change.added
        members -= change.removed
    if anew:
        blocks.write(anew)


def _rows(place: Place, change: _Change) -> Iterator[patches.Row]:
    for position in change.added:
        yield *place, position, None
    for position in change.removed:
        yield *place, None, position
