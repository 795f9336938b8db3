"""Who a tree reaches inside one block, by set algebra on bitmaps. Pure."""

from collections.abc import Mapping

from pyroaring import BitMap64

from segments.filters.base import CohortReference, SegmentReference
from segments.tree import Group, Match, Tree

EMPTY = BitMap64()


class LoadedBlock:
    """The `Block` that filters look at: what is known, and cohorts by reference.

    A cohort without a row here has nobody here. Nested segments, which come after those
    that they are made of, are worked out at once: none is twice, however many filters name
    it, and however deep they lie, nothing recurses.
    """

    def __init__(
        self,
        number: int,
        known: BitMap64,
        cohorts: Mapping[CohortReference, BitMap64],
        segments: Mapping[SegmentReference, Tree],
    ) -> None:
        self.number = number
        self.known = known
        self._cohorts = cohorts
        self._segments: dict[SegmentReference, BitMap64] = {}
        for reference, tree in segments.items():
            self._segments[reference] = reached(tree, self)

    def cohort(self, reference: CohortReference) -> BitMap64:
        return self._cohorts.get(reference, EMPTY)

    def has_segment(self, reference: SegmentReference) -> bool:
        return reference in self._segments

    def segment(self, reference: SegmentReference) -> BitMap64:
        return self._segments[reference]


def reached(tree: Tree, block: LoadedBlock) -> BitMap64:
    """Positions of the users whom the tree reaches. Shared: not to be changed."""
    found = block.known
    parts = [matching(group, block) for group in tree.groups if group.filters]
    if parts:
        found = parts[0]
        for part in parts[1:]:
            found = combine(tree.match, found, part)
    for exclusion in tree.exclusions:
        if exclusion.filters:
            found = found - matching(exclusion, block)
    return found


def matching(group: Group, block: LoadedBlock) -> BitMap64:
    """Positions of the users whom a group with filters matches."""
    found = group.filters[0].positions(block)
    for condition in group.filters[1:]:
        found = combine(group.match, found, condition.positions(block))
    return found


def combine(match: Match, left: BitMap64, right: BitMap64) -> BitMap64:
    return left & right if match is Match.ALL else left | right


def size_of(match: Match, left: BitMap64 | None, right: BitMap64) -> int:
    """How many `combine` would hold, without making it; `right` alone where nothing is left."""
    if left is None:
        return len(right)
    if match is Match.ALL:
        return int(left.intersection_cardinality(right))
    return int(left.union_cardinality(right))
