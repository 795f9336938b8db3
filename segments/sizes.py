"""How many people segments reach, exactly, many segments in one pass over the blocks."""

from collections.abc import Sequence
from uuid import UUID

from common.snapshots import snapshot
from segments import evaluation
from segments.models import Segment
from segments.reading import InvalidTree
from segments.tree import Tree, parse

# Trees that go through the blocks together: what they name is in memory at once.
AT_ONCE = 100


def sizes(workspace_id: int, segments: Sequence[Segment]) -> dict[UUID, int | None]:
    """The size of each of the workspace's segments, all of one moment.

    None for one that can't be evaluated, which is nothing that a person can bring about:
    it is left out by itself, and the others have theirs.
    """
    found: dict[UUID, int | None] = {}
    trees: list[tuple[UUID, Tree]] = []
    for segment in segments:
        found[segment.pk] = None
        try:
            trees.append((segment.pk, parse(segment.filters)))
        except InvalidTree:
            continue
    with snapshot():
        for start in range(0, len(trees), AT_ONCE):
            found |= _counted(workspace_id, trees[start : start + AT_ONCE])
    return found


def _counted(workspace_id: int, trees: Sequence[tuple[UUID, Tree]]) -> dict[UUID, int | None]:
    """All in one pass; in halves where they are too much for one, or one of them is broken."""
    try:
        counted = evaluation.sizes_of(workspace_id, [tree for _, tree in trees])
    except InvalidTree:
        if len(trees) == 1:
            return {trees[0][0]: None}
        half = len(trees) // 2
        return _counted(workspace_id, trees[:half]) | _counted(workspace_id, trees[half:])
    return {segment_id: size for (segment_id, _), size in zip(trees, counted, strict=True)}
