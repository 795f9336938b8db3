"""Evaluate trees against what is stored: exact, at one moment, in one pass over blocks.

Memory stays bounded: known is held whole (a tenth of a byte a user), memberships are read
for a range of blocks at a time.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from pyroaring import BitMap64

from cohorts.blocks import COLUMNS, read
from common.cursors import binary_cursor
from common.snapshots import snapshot
from profiles.facets.asks import Ask
from profiles.facets.reading import Reader
from profiles.known import read_known
from segments import algebra, channels, reach
from segments.algebra import EMPTY, Contents, LoadedBlock
from segments.channels import ChannelReach
from segments.filters.base import CohortReference
from segments.resolving import Plan, resolve
from segments.tree import Tree

# Blocks whose memberships are in memory at once: at most 8 KiB for each cohort and block.
RANGE = 64

_MEMBERS = f"""
SELECT cohort_id, number, {COLUMNS} FROM cohorts_block
WHERE cohort_id = ANY(%s::bigint[]) AND number = ANY(%s::bigint[])
"""


def reach_of(workspace_id: int, tree: Tree, *, of: UUID | None = None) -> reach.Reach:
    """Exactly how many the tree reaches, and how that comes about (see `segments.reach`).

    Raises `InvalidTree`, as `resolve` does.
    """
    tally = reach.Tally(tree)
    with snapshot():
        for block in blocks(workspace_id, resolve(workspace_id, [tree], of=of)):
            tally.add(block)
    return tally.reach()


def reach_by_channel(
    workspace_id: int, tree: Tree, *, of: UUID | None = None
) -> tuple[reach.Reach, tuple[ChannelReach, ...]]:
    """The same, with how many of them can be written to by which channel; of one moment.

    Raises `InvalidTree`, as `resolve` does.
    """
    tally, by_channel = reach.Tally(tree), channels.ChannelTally(tree)
    with snapshot():
        plan = resolve(workspace_id, [tree], of=of)
        for block in blocks(workspace_id, plan, *channels.asks()):
            tally.add(block)
            by_channel.add(block)
    return tally.reach(), by_channel.reach()


def sizes_of(workspace_id: int, trees: Sequence[Tree]) -> list[int]:
    """How many each tree reaches; what several of them name is read once."""
    sizes = [0] * len(trees)
    with snapshot():
        for block in blocks(workspace_id, resolve(workspace_id, trees)):
            for index, tree in enumerate(trees):
                sizes[index] += len(algebra.reached(tree, block))
    return sizes


def members_of(workspace_id: int, tree: Tree) -> Iterator[tuple[int, BitMap64]]:
    """Positions of whom the tree reaches, by block number, ascending.

    The caller's snapshot, if it has one, lasts as long as it iterates.
    """
    for block in blocks(workspace_id, resolve(workspace_id, [tree])):
        yield block.number, algebra.reached(tree, block)


def blocks(workspace_id: int, plan: Plan, *besides: Ask) -> Iterator[LoadedBlock]:
    """Every block that somebody is known in, with what the plan's filters look at there.

    `besides` is what else is asked of the users.
    """
    known = read_known(workspace_id)
    numbers = sorted(known)
    references = {cohort.id: reference for reference, cohort in plan.cohorts.items()}
    segments = {reference: segment.tree for reference, segment in plan.segments.items()}
    reader = Reader(workspace_id, [*plan.asks, *besides])
    for start in range(0, len(numbers), RANGE):
        part = numbers[start : start + RANGE]
        members = _members(references, part)
        answers = reader.read(part)
        for number in part:
            contents = Contents(
                cohorts=members.pop(number, {}),
                holding=answers.pop(number, {}),
                named={one: ids.get(number, EMPTY) for one, ids in plan.ids.items()},
            )
            yield LoadedBlock(number, known[number], contents, segments, plan.moment)


def _members(
    references: Mapping[int, CohortReference], numbers: list[int]
) -> dict[int, dict[CohortReference, BitMap64]]:
    """Members by block number and cohort, in the blocks of those numbers."""
    found: dict[int, dict[CohortReference, BitMap64]] = defaultdict(dict)
    if not references:
        return found
    with binary_cursor() as cursor:
        cursor.execute(_MEMBERS, [list(references), numbers])
        for cohort_id, number, *columns in cursor:
            found[number][references[cohort_id]] = read(*columns)
    return found
