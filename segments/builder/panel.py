"""All numbers that stand in the builder, in one pass and of one moment."""

from dataclasses import dataclass
from uuid import UUID

from common.snapshots import snapshot
from segments import channels, evaluation, freshness
from segments.channels import ChannelReach, ChannelTally
from segments.freshness import Freshness
from segments.reach import GroupReach, Reach, Tally
from segments.resolving import resolve
from segments.tree import Match, Tree


@dataclass(frozen=True, slots=True)
class Panel:
    """`exclusions` are counted as if they were groups: what each filter there matches alone."""

    reach: Reach
    exclusions: tuple[GroupReach, ...]
    channels: tuple[ChannelReach, ...]
    freshness: Freshness


def read(workspace_id: int, tree: Tree, *, of: UUID | None = None) -> Panel:
    """Raises `InvalidTree`, as `resolve` does. `of` is the segment whose filters these are."""
    tally, beside = Tally(tree), Tally(Tree(Match.ANY, tree.exclusions))
    reachable = ChannelTally(tree)
    with snapshot():
        plan = resolve(workspace_id, [tree], of=of)
        for block in evaluation.blocks(workspace_id, plan, *channels.asks()):
            tally.add(block)
            reachable.add(block)
            if tree.exclusions:
                beside.add(block)
        return Panel(
            reach=tally.reach(),
            exclusions=beside.reach().groups,
            channels=reachable.reach(),
            freshness=freshness.of(plan),
        )
