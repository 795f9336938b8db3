"""A filter tree in words, for people."""

from collections.abc import Iterable

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from segments.filters.base import CohortReference, Filter, Membership, SegmentReference
from segments.resolving import Plan
from segments.tree import Group, Match, Tree

OPERATORS = {
    Membership.INCLUDES.value: gettext_lazy("includes"),
    Membership.DOES_NOT_INCLUDE.value: gettext_lazy("does not include"),
}


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
    references = [reference for _key, reference in condition.references()]
    subject = _("segment membership")
    names = []
    for reference in references:
        if isinstance(reference, CohortReference):
            cohort = plan.cohorts[reference]
            subject = partner_cohorts(cohort.partner_name)
            names.append(cohort.name)
        elif isinstance(reference, SegmentReference):
            names.append(plan.segments[reference].name)
    return f"{subject} {OPERATORS[row.operator]} {_joined(Match.ANY, names or row.values)}"


def partner_cohorts(partner_name: str) -> str:
    """What the filter on a partner's cohorts is called."""
    return _("%(partner)s Cohorts") % {"partner": partner_name}


def _joined(match: Match, parts: Iterable[str]) -> str:
    return (_(" and ") if match is Match.ALL else _(" or ")).join(parts)
