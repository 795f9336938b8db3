"""What a tree names, looked up: cohorts, segments, attributes and ids of one workspace."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from graphlib import CycleError, TopologicalSorter
from typing import NoReturn
from uuid import UUID

from django.db import connection
from django.utils import timezone
from pyroaring import BitMap64

from common import bitmaps
from partners.models import Partner
from profiles import lookups
from profiles.facets import catalogue
from profiles.facets.asks import Ask
from profiles.rules import Key
from segments.filters.base import (
    AttributeReference,
    CohortReference,
    IdentifierReference,
    Reference,
    SegmentReference,
)
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
    """All that evaluating and naming some trees takes, except what the blocks hold.

    A segment comes after those that it is made of. `ids` are the users whom ids name, as
    positions by block number; `asks` are of `moment`.
    """

    cohorts: Mapping[CohortReference, FoundCohort]
    segments: Mapping[SegmentReference, FoundSegment]
    ids: Mapping[IdentifierReference, Mapping[int, BitMap64]]
    asks: Collection[Ask]
    moment: datetime


# What is named, and by which path: for whoever has to mend the tree.
_Named = dict[Reference, str]
_Uses = dict[SegmentReference, set[SegmentReference]]


def resolve(workspace_id: int, trees: Iterable[Tree], *, of: UUID | None = None) -> Plan:
    """Look up what the trees name: a query for all of a kind, one for each level of segments.

    `of` is the segment that the tree is or becomes the filters of: it may not come up
    inside. An archived cohort or segment resolves like any other, to what it holds by now.

    Raises `InvalidTree` with the path of whatever isn't of the workspace, or is too much.
    """
    named: _Named = {}
    top: set[SegmentReference] = set()
    all_trees = list(trees)
    for tree in all_trees:
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
    _check_attributes(workspace_id, named)
    all_trees += (found.tree for found in segments.values())
    moment = timezone.now()
    return Plan(
        cohorts=_cohorts(workspace_id, named),
        segments={reference: segments[reference] for reference in order if reference in segments},
        ids=holders(workspace_id, named),
        asks=asks_of(all_trees, moment),
        moment=moment,
    )


def asks_of(trees: Iterable[Tree], moment: datetime) -> Collection[Ask]:
    """What the trees' filters ask of users, each once."""
    filters = (condition for tree in trees for _path, condition in tree.filters())
    return dict.fromkeys(ask for condition in filters for ask in condition.asks(moment))


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


def _check_attributes(workspace_id: int, named: _Named) -> None:
    names = {one.name: path for one, path in named.items() if isinstance(one, AttributeReference)}
    known = catalogue.known_names(workspace_id, names)
    if missing := [path for name, path in names.items() if name not in known]:
        raise InvalidTree(
            *(f"{path} is not an attribute of anybody in this workspace" for path in missing)
        )


def holders(
    workspace_id: int, references: Iterable[Reference]
) -> dict[IdentifierReference, Mapping[int, BitMap64]]:
    """Whom the ids among the references name, as positions by block number."""
    keys = {
        one: [Key(one.kind, one.label, value) for value in one.ids]
        for one in references
        if isinstance(one, IdentifierReference)
    }
    owner = lookups.owners(workspace_id, list({key for each in keys.values() for key in each}))
    return {
        one: bitmaps.split(BitMap64(owner[key] for key in each if key in owner))
        for one, each in keys.items()
    }


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
