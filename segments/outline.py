"""A filter tree in words, line by line: `segments.wording` says it in one sentence."""

from collections.abc import Iterator
from typing import NamedTuple

from django.utils.translation import gettext as _

from segments.filters.base import Filter
from segments.resolving import Plan
from segments.tree import Group, Match, Tree
from segments.wording import describe


class Line(NamedTuple):
    """How far it is indented, and what it says."""

    depth: int
    text: str


def outline(tree: Tree, plan: Plan) -> list[Line]:
    """A heading for each group that has filters, and its filters below it."""
    groups = [group for group in tree.groups if group.filters]
    lines = []
    if not groups:
        lines.append(Line(0, _("Everyone")))
    elif len(groups) > 1:
        lines.append(Line(0, _between(tree.match)))
    for group in groups:
        lines += _outlined(group, plan, _heading(group), 0 if len(groups) == 1 else 1)
    for group in tree.exclusions:
        if group.filters:
            lines += _outlined(group, plan, _exception(group), 0)
    return lines


def _outlined(group: Group, plan: Plan, heading: str, depth: int) -> Iterator[Line]:
    yield Line(depth, heading)
    for condition in group.filters:
        yield Line(depth + 1, _told(condition, plan))


def _told(condition: Filter, plan: Plan) -> str:
    return describe(Tree(groups=(Group(filters=(condition,)),)), plan)


def _between(match: Match) -> str:
    if match is Match.ALL:
        return _("Whoever matches all of these groups")
    return _("Whoever matches any of these groups")


def _heading(group: Group) -> str:
    if not group.name:
        return _("All of these") if group.match is Match.ALL else _("Any of these")
    if group.match is Match.ALL:
        return _("%(name)s: all of these") % {"name": group.name}
    return _("%(name)s: any of these") % {"name": group.name}


def _exception(group: Group) -> str:
    if not group.name:
        if group.match is Match.ALL:
            return _("Except who matches all of these")
        return _("Except who matches any of these")
    if group.match is Match.ALL:
        return _("%(name)s: except who matches all of these") % {"name": group.name}
    return _("%(name)s: except who matches any of these") % {"name": group.name}
