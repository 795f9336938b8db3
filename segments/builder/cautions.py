"""What somebody who builds a segment hardly means, seen in its tree and counts; in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from segments.filters.base import Filter
from segments.filters.identifier import Having
from segments.operators import OPERATORS
from segments.reach import Reach
from segments.tree import Group, Match, Tree


@dataclass(frozen=True, slots=True)
class Caution:
    """One sentence or two: what is odd and what to do.

    Where AND would mend it, `can_join` is true, and `group` is the place of the group that it
    belongs into, None for between the groups.
    """

    text: str
    can_join: bool = False
    group: int | None = None
    is_exclusion: bool = False


def of(tree: Tree, reach: Reach) -> list[Caution]:
    """Groups that let everybody in, exclusions that take everybody away, and where nobody is left.

    Only trees whose groups all have filters, as the builder's have.
    """
    if not reach.everyone:
        return []
    found = [
        Caution(_open_group(_title(tree.groups, number)), True, number)
        for number, group in enumerate(tree.groups)
        if _is_open(group) and reach.groups[number].alone == reach.everyone
    ]
    if not found and _groups_are_open(tree, reach):
        found.append(
            Caution(
                _(
                    "Together the groups leave nobody out: what one group rules out, another lets "
                    "in, because there is OR between them. Put AND between the groups."
                ),
                True,
            )
        )
    if reach.total == 0:
        found += _of_nobody(tree, reach)
    elif not found and reach.total == reach.everyone and (tree.groups or tree.exclusions):
        found.append(Caution(_("These filters leave nobody out.")))
    return found


def is_negative(condition: Filter) -> bool:
    """Whether it holds for whoever hasn't got something."""
    name = condition.row().operator
    return OPERATORS[name].takes_blanks if name in OPERATORS else name == Having.HAS_NOT


def _is_open(group: Group) -> bool:
    """Whether OR stands beside a filter that most people pass by not having something."""
    return (
        group.match is Match.ANY
        and len(group.filters) > 1
        and any(is_negative(condition) for condition in group.filters)
    )


def _groups_are_open(tree: Tree, reach: Reach) -> bool:
    return (
        tree.match is Match.ANY
        and len(tree.groups) > 1
        and reach.groups[-1].running == reach.everyone
        and all(group.alone < reach.everyone for group in reach.groups)
        and any(is_negative(condition) for group in tree.groups for condition in group.filters)
    )


def _of_nobody(tree: Tree, reach: Reach) -> list[Caution]:
    for number, group in enumerate(tree.exclusions):
        if reach.exclusions[number].removed and _is_open(group):
            title = group.name or _("Exclusion group %(number)s") % {"number": number + 1}
            text = _(
                "“%(group)s” takes everybody away: with OR, whoever is missing from just one "
                "of its “does not include” filters is excluded. Join its filters with AND."
            )
            return [Caution(text % {"group": title}, True, number, is_exclusion=True)]
    if tree.groups and reach.groups[-1].running == 0:
        return [Caution(_("Nobody matches. The counts show where the last user went."))]
    return [Caution(_("The exclusions take away everybody whom the groups reach."))]


def _open_group(title: str) -> str:
    return _(
        "“%(group)s” leaves nobody out: with OR, whoever is missing from just one of its "
        "“does not include” filters matches. Join its filters with AND."
    ) % {"group": title}


def _title(groups: Sequence[Group], number: int) -> str:
    return groups[number].name or _("Filter group %(number)s") % {"number": number + 1}
