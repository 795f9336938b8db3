"""Whom a campaign is for: segments that all must match, filters besides, a control group. Pure."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from pyroaring import BitMap64

from profiles.buckets import BUCKETS, random_bucket
from segments.filters.base import Membership
from segments.filters.segment import SegmentFilter
from segments.reading import InvalidTree, Node
from segments.tree import Group, Match, Tree, everyone, parse

MOST_SEGMENTS = 20
MOST_CONTROL_PERCENT = 90


@dataclass(frozen=True, slots=True)
class Audience:
    """Users whom every one of the segments reaches, and the filters too.

    Without either it is everyone. `control_percent` of them are held out: they count, and
    get nothing.
    """

    segments: tuple[UUID, ...] = ()
    filters: Tree = Tree()
    control_percent: int = 0

    def tree(self) -> Tree:
        """The audience as one tree: the filters, with a last exclusion for the segments.

        Whoever is outside any of the segments is taken away. As groups they would be wrong:
        the groups of the filters may be joined by or.
        """
        outside = tuple(SegmentFilter(Membership.DOES_NOT_INCLUDE, key) for key in self.segments)
        return replace(
            self.filters, exclusions=(*self.filters.exclusions, Group(Match.ANY, outside))
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "segments": [str(key) for key in self.segments],
            "filters": self.filters.to_json(),
            "control_percent": self.control_percent,
        }


def to_everyone() -> dict[str, Any]:
    """The JSON of an audience that asks nothing."""
    return {"segments": [], "filters": everyone(), "control_percent": 0}


def read(value: object) -> Audience:
    """The audience that decoded JSON stands for. Raises `InvalidTree`, naming the path."""
    node = Node(value, "audience")
    keys = node.take("segments", [])
    filters = node.take("filters", everyone())
    percent = node.take("control_percent", 0)
    node.close()
    if not isinstance(keys, list) or len(keys) > MOST_SEGMENTS:
        raise InvalidTree(f"audience.segments must be an array of at most {MOST_SEGMENTS}")
    if type(percent) is not int or not 0 <= percent <= MOST_CONTROL_PERCENT:
        raise InvalidTree(f"audience.control_percent must be 0 to {MOST_CONTROL_PERCENT}")
    return Audience(
        segments=tuple(dict.fromkeys(_key(key, index) for index, key in enumerate(keys))),
        filters=parse(filters, "audience.filters"),
        control_percent=percent,
    )


def control(campaign_id: UUID, percent: int, profile_ids: BitMap64) -> BitMap64:
    """Who of them is held out: a part chosen at random, the same whenever it is asked.

    The random bucket alone would hold the same people out of every campaign.
    """
    if not percent:
        return BitMap64()
    salt = campaign_id.int & (2**63 - 1)
    threshold = BUCKETS * percent // 100
    return BitMap64(key for key in profile_ids if random_bucket(key ^ salt) < threshold)


def _key(value: object, index: int) -> UUID:
    try:
        return UUID(str(value))
    except ValueError:
        raise InvalidTree(f"audience.segments[{index}] must be the id of a segment") from None
