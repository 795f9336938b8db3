"""Whom a segment reaches, one page after another, exactly and in the order of their ids."""

from dataclasses import dataclass, field

from pyroaring import BitMap64

from common.bitmaps import BLOCK_BITS
from common.snapshots import snapshot
from segments import evaluation
from segments.tree import Tree

LARGEST_ID = 2**63 - 1


@dataclass(slots=True)
class Page:
    """Some members, and how many there are in front of them and in all."""

    profile_ids: list[int] = field(default_factory=list)
    before: int = 0
    total: int = 0

    @property
    def first(self) -> int:
        """The place of the first one shown, from 1."""
        return self.before + 1

    @property
    def last(self) -> int:
        return self.before + len(self.profile_ids)

    @property
    def previous_place(self) -> int | None:
        """Where the page before this one ends, if there is one."""
        return self.profile_ids[0] if self.before and self.profile_ids else None

    @property
    def next_place(self) -> int | None:
        """Where the page behind this one begins, if there is one."""
        return self.profile_ids[-1] if self.last < self.total and self.profile_ids else None


def after(workspace_id: int, tree: Tree, place: int, *, size: int) -> Page:
    """The members whose ids follow `place`, which needn't be one of theirs; 0 for the first.

    All of it is of one moment, and one pass over the blocks, as counting alone would be.

    Raises `InvalidTree`.
    """
    page = Page()
    with snapshot():
        for number, positions in evaluation.members_of(workspace_id, tree):
            start = number << BLOCK_BITS
            passed = _up_to(place - start, positions)
            page.before += passed
            page.total += len(positions)
            if (room := size - len(page.profile_ids)) and passed < len(positions):
                page.profile_ids += [start + one for one in positions[passed : passed + room]]
    return page


def before(workspace_id: int, tree: Tree, place: int, *, size: int) -> Page:
    """The members right in front of `place`; the first ones, where those don't fill a page."""
    page = Page()
    in_front = 0
    with snapshot():
        for number, positions in evaluation.members_of(workspace_id, tree):
            start = number << BLOCK_BITS
            here = _up_to(place - 1 - start, positions)
            in_front += here
            page.total += len(positions)
            last = [start + one for one in positions[max(0, here - size) : here]]
            page.profile_ids = [*page.profile_ids, *last][-size:]
        page.before = in_front - len(page.profile_ids)
        if in_front < size:
            return after(workspace_id, tree, 0, size=size)
    return page


def _up_to(position: int, positions: BitMap64) -> int:
    """How many positions are not above that one, which may lie outside of the block."""
    return 0 if position < 0 else int(positions.rank(position))
