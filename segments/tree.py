"""The filter tree of section 4 of the HTTP contract: JSON in, frozen nodes, JSON out.

`parse` is the only place that reads such JSON, for the API, the dashboard and the database.
What a tree names isn't looked up here (see `segments.resolving`): this module is pure.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from segments.filters import KINDS
from segments.filters.base import Filter
from segments.reading import InvalidTree, Node, quoted

VERSION = 1
ROOT = "filters"

MOST_GROUPS = 100
MOST_FILTERS = 100


class Match(StrEnum):
    ALL = "all"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Group:
    """Filters joined by and (`all`) or or (`any`). Without filters, it is ignored."""

    match: Match = Match.ALL
    filters: tuple[Filter, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class Tree:
    """Who is reached: the groups joined by `match`, without anyone in an exclusion.

    Without groups that have filters, everyone is.
    """

    match: Match = Match.ALL
    groups: tuple[Group, ...] = ()
    exclusions: tuple[Group, ...] = ()

    def filters(self) -> Iterator[tuple[str, Filter]]:
        """Every filter with its path, in the tree's order."""
        for key, groups in (("groups", self.groups), ("exclusions", self.exclusions)):
            for number, group in enumerate(groups):
                for index, condition in enumerate(group.filters):
                    yield f"{ROOT}.{key}[{number}].filters[{index}]", condition

    def to_json(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            "match": self.match.value,
            "groups": [_group_json(group) for group in self.groups],
            "exclusions": [_group_json(group) for group in self.exclusions],
        }


def everyone() -> dict[str, Any]:
    """The JSON of a tree that asks nothing."""
    return Tree().to_json()


def parse(value: object, path: str = ROOT) -> Tree:
    """The tree that decoded JSON stands for.

    `match` may be left out for `all`, and the arrays for empty ones; `version` may not.

    Raises `InvalidTree` for anything else than a tree, naming the node at fault.
    """
    node = Node(value, path)
    version = node.take("version")
    if type(version) is not int or version != VERSION:
        raise InvalidTree(f"{path}.version must be {VERSION}")
    tree = Tree(
        match=node.choice("match", Match, Match.ALL),
        groups=tuple(_group(child) for child in node.nodes("groups", most=MOST_GROUPS)),
        exclusions=tuple(_group(child) for child in node.nodes("exclusions", most=MOST_GROUPS)),
    )
    node.close()
    if sum(1 for _ in tree.filters()) > MOST_FILTERS:
        raise InvalidTree(f"{path} must hold at most {MOST_FILTERS} filters")
    return tree


def _group(node: Node) -> Group:
    group = Group(
        name=node.optional_text("name", longest=255),
        match=node.choice("match", Match, Match.ALL),
        filters=tuple(_filter(child) for child in node.nodes("filters", most=MOST_FILTERS)),
    )
    node.close()
    return group


def _filter(node: Node) -> Filter:
    kind = node.take("kind")
    found = KINDS.get(kind) if isinstance(kind, str) else None
    if found is None:
        given = f", not {quoted(kind)}" if isinstance(kind, str) else ""
        raise InvalidTree(f"{node.at('kind')} must be {' or '.join(KINDS)}{given}")
    condition = found.read(node)
    node.close()
    return condition


def _group_json(group: Group) -> dict[str, Any]:
    return {
        "name": group.name,
        "match": group.match.value,
        "filters": [condition.to_json() for condition in group.filters],
    }
