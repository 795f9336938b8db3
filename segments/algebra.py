"""Who a tree reaches inside one block, by set algebra on bitmaps. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pyroaring import BitMap64

from profiles.facets.asks import Ask
from segments.filters.base import CohortReference, IdentifierReference, SegmentReference
from segments.tree import Group, Match, Tree

EMPTY = BitMap64()


@dataclass(frozen=True, slots=True)
class Contents:
    """What was read of a block for its filters. What isn't in here has nobody here."""

    cohorts: Mapping[CohortReference, BitMap64] = field(default_factory=dict)
    holding: Mapping[Ask, BitMap64] = field(default_factory=dict)
    named: Mapping[IdentifierReference, BitMap64] = field(default_factory=dict)


class LoadedBlock:
    """The `Block` that filters look at: what is known, and what was read of the rest.

    Nested segments, which come after those
    that they are made of, are worked out at once: none is twice, however many filters name
    it, and however deep they lie, nothing recurses.
    """

    def __init__(
        self,
        number: int,
        known: BitMap64,
        contents: Contents,
        segments: Mapping[SegmentReference, Tree],
        moment: datetime,
    ) -> None:
        self.number = number
        self.known = known
        self.moment = moment
        self._contents = contents
        self._segments: dict[SegmentReference, BitMap64] = {}
        for reference, tree in segments.items():
            self._segments[reference] = reached(tree, self)

    def cohort(self, reference: CohortReference) -> BitMap64:
        return self._contents.cohorts.get(reference, EMPTY)

    def holding(self, ask: Ask) -> BitMap64:
        return self._contents.holding.get(ask, EMPTY)

    def named(self, reference: IdentifierReference) -> BitMap64:
        return self._contents.named.get(reference, EMPTY)

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
