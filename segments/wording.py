"""A filter tree in words, for people."""

from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import NamedTuple

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from profiles.facets.values import ValueKind
from profiles.pages.wording import ATTRIBUTES
from segments.filters import random_bucket
from segments.filters.base import CohortReference, Filter, Membership, SegmentReference
from segments.filters.identifier import Having
from segments.filters.identity import Identity
from segments.operators import Operator, Takes, of_kind
from segments.resolving import Plan
from segments.tree import Group, Match, Tree

# What follows the subject of a row, by the operator's name in JSON. Where there is an
# ellipsis, the value goes there, else behind it.
OPERATORS = {
    Membership.INCLUDES.value: gettext_lazy("includes"),
    Membership.DOES_NOT_INCLUDE.value: gettext_lazy("does not include"),
    "is": gettext_lazy("is"),
    "is_not": gettext_lazy("is not"),
    "is_any_of": gettext_lazy("is any of"),
    "is_none_of": gettext_lazy("is none of"),
    "starts_with": gettext_lazy("starts with"),
    "does_not_start_with": gettext_lazy("does not start with"),
    "contains": gettext_lazy("contains"),
    "does_not_contain": gettext_lazy("does not contain"),
    "equals": gettext_lazy("equals"),
    "does_not_equal": gettext_lazy("does not equal"),
    "more_than": gettext_lazy("is more than"),
    "not_more_than": gettext_lazy("is not more than"),
    "less_than": gettext_lazy("is less than"),
    "not_less_than": gettext_lazy("is not less than"),
    "between": gettext_lazy("is between"),
    "not_between": gettext_lazy("is not between"),
    "is_true": gettext_lazy("is true"),
    "is_not_true": gettext_lazy("is not true"),
    "is_false": gettext_lazy("is false"),
    "is_not_false": gettext_lazy("is not false"),
    "before": gettext_lazy("is before"),
    "not_before": gettext_lazy("is not before"),
    "after": gettext_lazy("is after"),
    "not_after": gettext_lazy("is not after"),
    "on": gettext_lazy("is on"),
    "not_on": gettext_lazy("is not on"),
    "between_times": gettext_lazy("is between the dates"),
    "not_between_times": gettext_lazy("is not between the dates"),
    "in_the_last_days": gettext_lazy("is in the last … days"),
    "not_in_the_last_days": gettext_lazy("is not in the last … days"),
    "more_than_days_ago": gettext_lazy("is more than … days ago"),
    "not_more_than_days_ago": gettext_lazy("is not more than … days ago"),
    "in_the_next_days": gettext_lazy("is in the next … days"),
    "not_in_the_next_days": gettext_lazy("is not in the next … days"),
    "is_blank": gettext_lazy("is blank"),
    "is_not_blank": gettext_lazy("is not blank"),
    "is_identified": gettext_lazy("are identified"),
    "is_anonymous": gettext_lazy("are anonymous"),
    "has": gettext_lazy("is there"),
    "has_not": gettext_lazy("is missing"),
}


SUBJECTS = {
    "segment": gettext_lazy("segment membership"),
    "created_at": gettext_lazy("creation"),
    "random_bucket": gettext_lazy("random bucket"),
    "identity": gettext_lazy("users"),
}

# Between this and that, rather than this or that.
RANGES = frozenset({"between", "not_between", "between_times", "not_between_times"})


def blanks(operator: Operator) -> str:
    """What an operator on values makes of users who have none; goes beside it."""
    if operator.kind is ValueKind.PRESENT:
        return _("Blank is no value, a text without a visible character, or an empty list.")
    if operator.takes_blanks:
        return _("Users without such a value match too.")
    return _("Users without such a value don't match.")


class Offer(NamedTuple):
    """An operator as the builder offers it. `takes` says what to type, `blanks` what becomes
    of users without a value; both are empty where values are picked or there are none.
    """

    value: str
    label: str
    takes: Takes
    blanks: str = ""


def operators(what: str, kinds: Collection[ValueKind] = ()) -> list[Offer]:
    """Those that a row about `what` can have; an attribute's by the kinds of its values."""
    kind, _slash, _about = what.partition("/")
    if kind == "attribute":
        return [_offer(one) for one in of_kind(*kinds, ValueKind.PRESENT).values()]
    if kind == "created_at":
        return [_offer(one)._replace(blanks="") for one in of_kind(ValueKind.TIME).values()]
    if kind == "random_bucket":
        names: Iterable[str] = random_bucket.OPERATORS
        return [Offer(name, str(OPERATORS[name]), Takes.TWO_NUMBERS) for name in names]
    choices: dict[str, type[StrEnum]] = {"identity": Identity, "identifier": Having}
    names = [one.value for one in choices.get(kind, Membership)]
    is_typed = {Having.IS_ANY_OF.value, Having.IS_NONE_OF.value}
    return [
        Offer(name, str(OPERATORS[name]), Takes.TEXTS if name in is_typed else Takes.NOTHING)
        for name in names
    ]


def _offer(operator: Operator) -> Offer:
    label = str(OPERATORS[operator.value])
    return Offer(operator.value, label, operator.takes, blanks(operator))


def describe(tree: Tree, plan: Plan) -> str:
    """One sentence without its full stop. `plan` has the names."""
    groups = [group for group in tree.groups if group.filters]
    exclusions = [group for group in tree.exclusions if group.filters]
    if groups:
        text = _joined(tree.match, [_group(group, plan, len(groups) > 1) for group in groups])
    else:
        text = _("everyone")
    if exclusions:
        left_out = _joined(Match.ANY, [_group(group, plan, True) for group in exclusions])
        text = _("%(reached)s, except %(excluded)s") % {"reached": text, "excluded": left_out}
    return capfirst(text)


def _group(group: Group, plan: Plan, several: bool) -> str:
    text = _joined(group.match, [_filter(condition, plan) for condition in group.filters])
    return f"({text})" if several and len(group.filters) > 1 else text


def _filter(condition: Filter, plan: Plan) -> str:
    row = condition.row()
    names = []
    for _key, reference in condition.references():
        if isinstance(reference, CohortReference):
            names.append(plan.cohorts[reference].name)
        elif isinstance(reference, SegmentReference):
            names.append(plan.segments[reference].name)
    about, operator = subject(row.what, plan), str(OPERATORS[row.operator])
    match = Match.ALL if row.operator in RANGES else Match.ANY
    values = _joined(match, names or row.values)
    if "…" in operator:
        return f"{about} {operator.replace('…', values)}"
    return " ".join(part for part in (about, operator, values) if part)


def subject(what: str, plan: Plan | None = None) -> str:
    """What a row is about, from `Row.what`; a partner's name is in the plan."""
    kind, _slash, about = what.partition("/")
    if kind == "cohort":
        cohorts = plan.cohorts.items() if plan else ()
        names = (found.partner_name for key, found in cohorts if key.partner == about)
        return partner_cohorts(next(names, about))
    if kind == "attribute":
        return str(ATTRIBUTES.get(about, about))
    if kind == "identifier":
        of, _slash, label = about.partition("/")
        if of == "alias":
            return _("alias %(label)s") % {"label": label}
        return _("external id") if of == "external_id" else _("device")
    return str(SUBJECTS.get(kind, kind))


def partner_cohorts(partner_name: str) -> str:
    """What the filter on a partner's cohorts is called."""
    return _("%(partner)s Cohorts") % {"partner": partner_name}


def _joined(match: Match, parts: Iterable[str]) -> str:
    return (_(" and ") if match is Match.ALL else _(" or ")).join(parts)
