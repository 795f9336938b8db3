"""How many a tree reaches, counted block by block: the total, and how it comes about. Pure.

*Alone* is how many a tree would reach with nothing but that filter or group in it.

*Running* is how many the tree would reach if it ended there: the groups before it as they
are joined, and of its own group the filters up to and with it, exclusions left aside. So a
group's running is that of its last filter, and the last running is the total plus all that
the exclusions take.

A group without filters is ignored. Alone it reaches everyone, as a tree of ignored groups
does, and its running is that of the group before it. An exclusion without filters removes
nobody.
"""

from dataclasses import dataclass, field

from pyroaring import BitMap64

from segments.algebra import LoadedBlock, combine, matching, size_of
from segments.tree import Group, Match, Tree


@dataclass(frozen=True, slots=True)
class FilterReach:
    alone: int
    running: int


@dataclass(frozen=True, slots=True)
class GroupReach:
    alone: int
    running: int
    filters: tuple[FilterReach, ...]


@dataclass(frozen=True, slots=True)
class ExclusionReach:
    """`removed` is what it takes of those whom the exclusions before it left."""

    removed: int


@dataclass(frozen=True, slots=True)
class Reach:
    total: int
    everyone: int
    groups: tuple[GroupReach, ...]
    exclusions: tuple[ExclusionReach, ...]


@dataclass(slots=True)
class _Count:
    alone: int = 0
    running: int = 0


@dataclass(slots=True)
class _GroupCount(_Count):
    filters: list[_Count] = field(default_factory=list)


class Tally:
    """Adds up one tree over blocks."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.total = 0
        self.everyone = 0
        self._groups = [
            _GroupCount(filters=[_Count() for _ in group.filters]) for group in tree.groups
        ]
        self._removed = [0] * len(tree.exclusions)

    def add(self, block: LoadedBlock) -> None:
        self.everyone += len(block.known)
        so_far: BitMap64 | None = None
        for group, count in zip(self.tree.groups, self._groups, strict=True):
            if group.filters:
                so_far = _add_group(group, count, so_far, self.tree.match, block)
            else:
                count.alone += len(block.known)
                count.running += len(block.known if so_far is None else so_far)
        left = block.known if so_far is None else so_far
        for index, exclusion in enumerate(self.tree.exclusions):
            if exclusion.filters:
                before = len(left)
                left = left - matching(exclusion, block)
                self._removed[index] += before - len(left)
        self.total += len(left)

    def reach(self) -> Reach:
        return Reach(
            total=self.total,
            everyone=self.everyone,
            groups=tuple(
                GroupReach(
                    alone=group.alone,
                    running=group.running,
                    filters=tuple(
                        FilterReach(count.alone, count.running) for count in group.filters
                    ),
                )
                for group in self._groups
            ),
            exclusions=tuple(ExclusionReach(removed) for removed in self._removed),
        )


def _add_group(
    group: Group,
    count: _GroupCount,
    so_far: BitMap64 | None,
    match: Match,
    block: LoadedBlock,
) -> BitMap64:
    """Count the group in, and give the result so far with it."""
    found: BitMap64 | None = None
    for condition, counted in zip(group.filters, count.filters, strict=True):
        positions = condition.positions(block)
        counted.alone += len(positions)
        found = positions if found is None else combine(group.match, found, positions)
        counted.running += size_of(match, so_far, found)
    assert found is not None  # a group without filters doesn't come here
    count.alone += len(found)
    result = found if so_far is None else combine(match, so_far, found)
    count.running += len(result)
    return result
