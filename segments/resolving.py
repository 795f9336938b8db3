"""What a tree names, looked up: cohorts and nested segments of one workspace."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import NoReturn
from uuid import UUID

from django.db import connection

from partners.models import Partner
from segments.filters.base import CohortReference, Reference, SegmentReference
from segments.models import Segment
from segments.reading import InvalidTree, quoted
from segments.tree import ROOT, Tree, parse

# What one evaluation reads at most, what nested segments name included.
MOST_COHORTS = 1_000
MOST_SEGMENTS = 100
# How deep segments may lie inside segments: each level is a query.
DEEPEST = 10

# Not by the ORM: putting this statement together took as long as all of evaluating.
_COHORTS = """
SELECT cohort.id, cohort.name, cohort.external_id, partner.slug, partner.name
  FROM unnest(%s::text[], %s::text[]) AS named (partner, external_id)
  JOIN partners_partner AS partner ON partner.slug = named.partner
  JOIN cohorts_cohort AS cohort
    ON cohort.partner_id = partner.id AND cohort.external_id = named.external_id
   AND cohort.workspace_id = %s
"""


@dataclass(frozen=True, slots=True)
class FoundCohort:
    id: int
    name: str
    partner_name: str


@dataclass(frozen=True, slots=True)
class FoundSegment:
    name: str
    tree: Tree


@dataclass(frozen=True, slots=True)
class Plan:
    """All that evaluating and naming some trees takes, except the memberships.

    A segment comes after those that it is made of.
    """

    cohorts: Mapping[CohortReference, FoundCohort]
    segments: Mapping[SegmentReference, FoundSegment]


# What is named, and by which path: for whoever has to mend the tree.
_Named = dict[Reference, str]
_Uses = dict[SegmentReference, set[SegmentReference]]


def resolve(workspace_id: int, trees: Iterable[Tree], *, of: UUID | None = None) -> Plan:
    """Look up what the trees name: a query for all cohorts, one for each level of segments.

    `of` is the segment that the tree is or becomes the filters of: it may not come up
    inside. An archived cohort or segment resolves like any other, to what it holds by now.

    Raises `InvalidTree` with the path of whatever isn't of the workspace, or is too much.
    """
    named: _Named = {}
    top: set[SegmentReference] = set()
    for tree in trees:
        top |= _note(named, tree)
    segments, uses = _nested(workspace_id, named)
    own = SegmentReference(of) if of else None
    if own is not None:
        uses[own] = top
    try:
        order = list(TopologicalSorter(uses).static_order())
    except CycleError as error:
        # Each of these is used by the next, and the last is the first again.
        _refuse_circle(error.args[1][:0:-1], own, segments, named)
    return Plan(
        cohorts=_cohorts(workspace_id, named),
        segments={reference: segments[reference] for reference in order if reference in segments},
    )


def _note(named: _Named, tree: Tree, path: str = "") -> set[SegmentReference]:
    """Add what the tree names, by paths of its own or all by `path`; the segments among it."""
    found = set()
    for filter_path, condition in tree.filters():
        for key, reference in condition.references():
            named.setdefault(reference, path or f"{filter_path}.{key}")
            if isinstance(reference, SegmentReference):
                found.add(reference)
    return found


def _nested(workspace_id: int, named: _Named) -> tuple[dict[SegmentReference, FoundSegment], _Uses]:
    """The segments that are named and those that they name, whose cohorts join `named`."""
    found: dict[SegmentReference, FoundSegment] = {}
    uses: _Uses = {}
    for _ in range(DEEPEST):
        wanted = _segments_in(named) - found.keys()
        if not wanted:
            break
        rows = Segment.objects.filter(
            workspace_id=workspace_id, pk__in=[reference.segment for reference in wanted]
        ).values_list("pk", "name", "filters")
        for key, name, filters in rows:
            reference = SegmentReference(key)
            tree = parse(filters, f"{named[reference]}.filters")
            found[reference] = FoundSegment(name, tree)
            uses[reference] = _note(named, tree, named[reference])
        if missing := sorted(named[reference] for reference in wanted - found.keys()):
            raise InvalidTree(*(f"{path} is not a segment of this workspace" for path in missing))
    if len(found) > MOST_SEGMENTS or _segments_in(named) - found.keys():
        raise InvalidTree(
            f"{ROOT} must lead to at most {MOST_SEGMENTS} other segments, {DEEPEST} deep"
        )
    return found, uses


def _segments_in(named: _Named) -> set[SegmentReference]:
    return {reference for reference in named if isinstance(reference, SegmentReference)}


def _refuse_circle(
    circle: list[SegmentReference],
    of: SegmentReference | None,
    segments: Mapping[SegmentReference, FoundSegment],
    named: _Named,
) -> NoReturn:
    """Name the segments of a circle, each of which uses the next, beginning with `of`."""
    start = circle.index(of) if of in circle else 0
    turned = [*circle[start:], *circle[: start + 1]]
    names = ", which uses ".join(quoted(segments[reference].name) for reference in turned)
    raise InvalidTree(f"{named[turned[1]]} would form a circle: {names}")


def _cohorts(workspace_id: int, named: _Named) -> dict[CohortReference, FoundCohort]:
    wanted = {reference for reference in named if isinstance(reference, CohortReference)}
    if not wanted:
        return {}
    if len(wanted) > MOST_COHORTS:
        raise InvalidTree(f"{ROOT} must lead to at most {MOST_COHORTS} different cohorts")
    partners = [reference.partner for reference in wanted]
    external_ids = [reference.external_id for reference in wanted]
    with connection.cursor() as cursor:
        cursor.execute(_COHORTS, [partners, external_ids, workspace_id])
        found = {
            CohortReference(partner, external_id): FoundCohort(
                pk, name or external_id, partner_name
            )
            for pk, name, external_id, partner, partner_name in cursor
        }
    if missing := [reference for reference in named if reference in wanted - found.keys()]:
        raise InvalidTree(*_unknown(named, missing))
    return found


def _unknown(named: _Named, missing: Iterable[Reference]) -> Iterator[str]:
    """One problem for each missing cohort, or one for a partner that isn't there at all."""
    slugs = {reference.partner for reference in missing if isinstance(reference, CohortReference)}
    partners = set(Partner.objects.filter(slug__in=slugs).values_list("slug", flat=True))
    for reference in missing:
        assert isinstance(reference, CohortReference)
        if reference.partner in partners:
            yield f"{named[reference]} is not a cohort of {reference.partner} in this workspace"
        else:
            yield f"{named[reference].rpartition('.')[0]}.partner is not a technology partner"
