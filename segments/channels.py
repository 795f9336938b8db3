"""Who can be written to, by channel, and why the rest can't. Pure.

A channel needs an address (for push: a device) and the user's leave. Only `unsubscribed`
takes the leave away: like Braze, who says nothing counts as subscribed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from profiles.facets.asks import HAS_DEVICE, AnyOf, Ask, attribute, present
from profiles.facets.values import TRUE, ValueKind, text_key
from segments.algebra import LoadedBlock, reached
from segments.tree import Tree


class Channel(StrEnum):
    EMAIL = "email"
    PUSH = "push"


def _unsubscribed(name: str) -> Ask:
    key = text_key("unsubscribed")
    return Ask(attribute(name), ValueKind.TEXT, AnyOf(frozenset({key})))


# What tells who has an address, and who took the leave away.
ADDRESSES = {
    Channel.EMAIL: present(attribute("email")),
    Channel.PUSH: Ask(HAS_DEVICE, TRUE[0], AnyOf(frozenset({TRUE[1]}))),
}
REFUSALS = {
    Channel.EMAIL: _unsubscribed("email_subscribe"),
    Channel.PUSH: _unsubscribed("push_subscribe"),
}


@dataclass(frozen=True, slots=True)
class ChannelReach:
    """Of the users whom a tree reaches: these three make up all of them."""

    channel: Channel
    reachable: int
    without_address: int
    unsubscribed: int


def asks() -> Iterator[Ask]:
    """What blocks must have been asked for `ChannelTally`."""
    yield from ADDRESSES.values()
    yield from REFUSALS.values()


class ChannelTally:
    """Adds up over blocks."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._counts = {channel: [0, 0, 0] for channel in Channel}

    def add(self, block: LoadedBlock) -> None:
        users = reached(self._tree, block)
        for channel, counts in self._counts.items():
            addressed = users & block.holding(ADDRESSES[channel])
            refused = int(addressed.intersection_cardinality(block.holding(REFUSALS[channel])))
            counts[0] += len(addressed) - refused
            counts[1] += len(users) - len(addressed)
            counts[2] += refused

    def reach(self) -> tuple[ChannelReach, ...]:
        return tuple(ChannelReach(channel, *counts) for channel, counts in self._counts.items())
