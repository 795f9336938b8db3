"""Why a user is reached, or isn't: what each filter of a tree makes of one user, and why."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import formats, timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from pyroaring import BitMap64

from cohorts import arrivals
from cohorts.arrivals import Arrival
from common.snapshots import snapshot
from profiles.buckets import random_bucket
from profiles.models import Identifier, IdentifierKind, IdentifierState, Profile
from profiles.pages import wording
from segments import algebra, side_by_side
from segments.algebra import LoadedBlock
from segments.filters.attribute import AttributeFilter
from segments.filters.base import CohortReference, Filter
from segments.filters.identifier import IdentifierFilter, IdKind
from segments.resolving import FoundCohort, Plan, resolve
from segments.tree import Group, Tree

# Ids of one kind that are shown at most.
MOST_SHOWN = 5

_KINDS = {
    IdKind.EXTERNAL_ID: IdentifierKind.EXTERNAL_ID,
    IdKind.ALIAS: IdentifierKind.ALIAS,
    IdKind.DEVICE: IdentifierKind.DEVICE,
}


@dataclass(frozen=True, slots=True)
class FilterAnswer:
    """Whether a filter matches the user, and what the user has there, in words."""

    matches: bool
    has: str


@dataclass(frozen=True, slots=True)
class GroupAnswer:
    """A group without filters is ignored: then `matches` is None."""

    matches: bool | None
    filters: tuple[FilterAnswer, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Groups and exclusions are in the tree's order."""

    is_reached: bool
    groups: tuple[GroupAnswer, ...]
    exclusions: tuple[GroupAnswer, ...]


def explain(workspace_id: int, tree: Tree, profile_id: int) -> Explanation | None:
    """What the tree makes of that user; None when there is no such user in the workspace.

    The answer is that of the evaluation, which the user goes through alone.

    Raises `InvalidTree`, as `resolve` does.
    """
    with snapshot():
        profile = Profile.objects.filter(workspace_id=workspace_id, pk=profile_id).first()
        if profile is None:
            return None
        plan = resolve(workspace_id, [tree])
        segments = {reference: found.tree for reference, found in plan.segments.items()}
        block = side_by_side.load(workspace_id, [profile_id], [tree], segments, plan.moment)
        told = _Telling(profile, plan, block)
        return Explanation(
            is_reached=0 in algebra.reached(tree, block),
            groups=tuple(told.group(group) for group in tree.groups),
            exclusions=tuple(told.group(group) for group in tree.exclusions),
        )


class _Telling:
    """One user's answers, for every filter of a tree."""

    def __init__(self, profile: Profile, plan: Plan, block: LoadedBlock) -> None:
        self._profile = profile
        self._plan = plan
        self._block = block

    def group(self, group: Group) -> GroupAnswer:
        matches = 0 in algebra.matching(group, self._block) if group.filters else None
        return GroupAnswer(matches, tuple(self._filter(one) for one in group.filters))

    def _filter(self, condition: Filter) -> FilterAnswer:
        matches = 0 in condition.positions(self._block)
        tell = _TELLERS[condition.kind]
        return FilterAnswer(matches, tell(self, condition))

    def _attribute(self, condition: Any) -> str:
        assert isinstance(condition, AttributeFilter)
        value = self._profile.attributes.get(condition.name)
        if value is None or value in ("", []):
            return _("No value")
        return wording.attribute(condition.name, value).text

    def _created_at(self, _condition: Filter) -> str:
        return formats.date_format(self._profile.created_at, "DATETIME_FORMAT")

    def _random_bucket(self, _condition: Filter) -> str:
        return str(random_bucket(self._profile.pk))

    def _identity(self, _condition: Filter) -> str:
        return _("Identified") if self._profile.is_identified else _("Anonymous")

    def _identifier(self, condition: Any) -> str:
        assert isinstance(condition, IdentifierFilter)
        found = Identifier.objects.filter(
            workspace_id=self._profile.workspace_id,
            profile_id=self._profile.pk,
            kind=_KINDS[condition.of],
            label=condition.label,
        ).exclude(state=IdentifierState.RESERVED)
        ids = found.order_by("value").values_list("value", flat=True)[:MOST_SHOWN]
        return ", ".join(ids) or _("None")

    def _cohort(self, condition: Filter) -> str:
        told = [
            self._membership(self._plan.cohorts[reference])
            for _key, reference in condition.references()
            if isinstance(reference, CohortReference) and 0 in self._block.cohort(reference)
        ]
        return ", ".join(told) or _("In none of these cohorts")

    def _membership(self, cohort: FoundCohort) -> str:
        arrival = self._arrivals.get((cohort.id, self._profile.pk))
        if arrival is None:
            return cohort.name
        return _("%(cohort)s (since %(day)s, upload %(number)s)") % {
            "cohort": cohort.name,
            "day": formats.date_format(timezone.localtime(arrival.applied_at), "DATE_FORMAT"),
            "number": formats.number_format(arrival.sequence),
        }

    @cached_property
    def _arrivals(self) -> Mapping[tuple[int, int], Arrival]:
        """How the user came into cohorts that the tree names: one query for all of them."""
        return arrivals.find(
            {
                cohort.id: BitMap64([self._profile.pk])
                for reference, cohort in self._plan.cohorts.items()
                if 0 in self._block.cohort(reference)
            }
        )

    def _segment(self, condition: Any) -> str:
        is_in = 0 in self._block.segment(next(condition.references())[1])
        return _("In the segment") if is_in else _("Not in the segment")


_TELLERS: Mapping[str, Callable[[_Telling, Any], str]] = {
    "attribute": _Telling._attribute,
    "created_at": _Telling._created_at,
    "random_bucket": _Telling._random_bucket,
    "identity": _Telling._identity,
    "identifier": _Telling._identifier,
    "cohort": _Telling._cohort,
    "segment": _Telling._segment,
}
