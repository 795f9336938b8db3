"""The segments that users are in: the segments' part of `profiles.belonging`."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from graphlib import CycleError, TopologicalSorter

from django.utils import timezone

from common.snapshots import snapshot
from profiles.belonging import Belonging
from segments import side_by_side
from segments.filters.base import SegmentReference
from segments.models import Segment
from segments.paths import page_of
from segments.reading import InvalidTree
from segments.tree import Tree, parse


def read(workspace_id: int, profile_ids: Sequence[int]) -> dict[int, list[Belonging]]:
    """For every id the segments whose filters match it, archived ones left out, by name.

    Filters work position by position, so the users are evaluated side by side in a block of
    their own, however far apart their ids are. As many queries for one segment as for all.

    A segment that can't be evaluated is left out, and so are those that are made of it.
    """
    with snapshot():
        segments = list(Segment.objects.filter(workspace_id=workspace_id))
        trees = _evaluable(segments)
        block = side_by_side.load(workspace_id, profile_ids, (), trees, timezone.now())
    found: dict[int, list[Belonging]] = {profile_id: [] for profile_id in profile_ids}
    for segment in sorted(segments, key=lambda each: (each.name, each.pk)):
        reference = SegmentReference(segment.pk)
        if segment.archived_at is None and block.has_segment(reference):
            path = page_of(segment.pk)
            belonging = Belonging(name=segment.name, id=str(segment.pk), path=path)
            for position in block.segment(reference):
                found[profile_ids[position]].append(belonging)
    return found


def _evaluable(segments: Sequence[Segment]) -> dict[SegmentReference, Tree]:
    """The trees of segments, each after those that it is made of."""
    trees: dict[SegmentReference, Tree] = {}
    uses: dict[SegmentReference, set[SegmentReference]] = {}
    for segment in segments:
        reference = SegmentReference(segment.pk)
        try:
            trees[reference] = parse(segment.filters)
        except InvalidTree:
            continue
        uses[reference] = {
            named
            for _path, condition in trees[reference].filters()
            for _key, named in condition.references()
            if isinstance(named, SegmentReference)
        }
    ordered: dict[SegmentReference, Tree] = {}
    for reference in _in_order(uses):
        if reference in trees and uses[reference] <= ordered.keys():
            ordered[reference] = trees[reference]
    return ordered


def _in_order(uses: Mapping[SegmentReference, set[SegmentReference]]) -> Iterator[SegmentReference]:
    """What is named before who names it; whatever goes round in a circle never comes."""
    sorter = TopologicalSorter(uses)
    with suppress(CycleError):
        sorter.prepare()
    while ready := sorter.get_ready():
        yield from ready
        sorter.done(*ready)
