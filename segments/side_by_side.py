"""A few users, wherever they are, as a block of their own: filters work position by position."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from pyroaring import BitMap64

from cohorts.lookup import held
from cohorts.models import Cohort
from common import bitmaps
from profiles.facets import current
from profiles.facets.asks import Ask
from profiles.known import read_known
from segments.algebra import EMPTY, Contents, LoadedBlock
from segments.filters.base import CohortReference, IdentifierReference, SegmentReference
from segments.resolving import asks_of, holders
from segments.tree import Tree


def load(
    workspace_id: int,
    profile_ids: Sequence[int],
    trees: Collection[Tree],
    segments: Mapping[SegmentReference, Tree],
    moment: datetime,
) -> LoadedBlock:
    """A block whose positions are places in `profile_ids`, for these trees and segments.

    Belongs in a snapshot. The same queries however many trees and segments.
    """
    every = [*trees, *segments.values()]
    position_of = {profile_id: position for position, profile_id in enumerate(profile_ids)}
    ids = _ids_named(workspace_id, every)
    contents = Contents(
        cohorts=_cohorts(workspace_id, position_of),
        holding=_holding(workspace_id, position_of, asks_of(every, moment)),
        named={
            one: BitMap64(position_of[each] for each in position_of.keys() & users)
            for one, users in ids.items()
        },
    )
    known = BitMap64(position_of[each] for each in _known(workspace_id, profile_ids))
    return LoadedBlock(0, known, contents, segments, moment)


def _cohorts(workspace_id: int, position_of: Mapping[int, int]) -> dict[CohortReference, BitMap64]:
    members = held(workspace_id, list(position_of))
    names = Cohort.objects.filter(pk__in=members).values_list("pk", "partner__slug", "external_id")
    return {
        CohortReference(partner, external_id): BitMap64(position_of[each] for each in members[pk])
        for pk, partner, external_id in names
    }


def _holding(
    workspace_id: int, position_of: Mapping[int, int], asked: Collection[Ask]
) -> dict[Ask, BitMap64]:
    found = {ask: BitMap64() for ask in asked}
    if not found:
        return {}
    subjects = {ask.subject for ask in asked}
    for columns in current.columns(workspace_id, list(position_of), subjects):
        for ask, positions in found.items():
            positions.update(position_of[each] for each in current.passing(ask, columns))
    return found


def _ids_named(workspace_id: int, trees: Iterable[Tree]) -> dict[IdentifierReference, set[int]]:
    references = [
        reference
        for tree in trees
        for _path, condition in tree.filters()
        for _key, reference in condition.references()
    ]
    return {
        one: set(bitmaps.join(blocks)) for one, blocks in holders(workspace_id, references).items()
    }


def _known(workspace_id: int, profile_ids: Sequence[int]) -> Iterator[int]:
    known = read_known(workspace_id)
    for number, positions in bitmaps.split(BitMap64(profile_ids)).items():
        for position in positions & known.get(number, EMPTY):
            yield (number << bitmaps.BLOCK_BITS) + position
