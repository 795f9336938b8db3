"""What uses a segment. Whoever can, registers a finder here, in `AppConfig.ready()`."""

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple, Protocol
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from segments.models import Segment
from segments.paths import page_of


class Place(StrEnum):
    """Where a segment can be used: in a message to its people, or in another segment."""

    MESSAGE = "message"
    SEGMENT = "segment"


class Use(NamedTuple):
    """Something with a kind for people ("segment"), a name, and a page, if it has one.

    `state` is a word for what goes on with it ("scheduled"), for those that have one.
    """

    kind: str
    name: str
    url: str = ""
    place: Place = Place.MESSAGE
    state: str = ""


class Finder(Protocol):
    def __call__(
        self, workspace_id: int, segment_ids: Collection[UUID]
    ) -> Mapping[UUID, Iterable[Use]]:
        """What uses each of those segments, by name, in as many queries as for one."""


_finders: list[Finder] = []

# Active segments with a filter on any of those asked for.
_MADE_OF = """
SELECT used.id, user_.id, user_.name
  FROM segments_segment AS user_,
       LATERAL (SELECT DISTINCT (named #>> '{}')::uuid AS id
                  FROM jsonb_path_query(
                       user_.filters,
                       '$.*[*].filters[*] ? (@.kind == "segment").segment') AS named) AS used
 WHERE user_.workspace_id = %s AND user_.archived_at IS NULL AND used.id = ANY(%s::uuid[])
 ORDER BY user_.name, user_.id
"""


def register(finder: Finder) -> None:
    if finder not in _finders:
        _finders.append(finder)


def uses_of_each(workspace_id: int, segment_ids: Collection[UUID]) -> dict[UUID, list[Use]]:
    """What would change if each of those segments did. A query for each finder, or a few."""
    found: dict[UUID, list[Use]] = {segment_id: [] for segment_id in segment_ids}
    if found:
        for finder in _finders:
            for segment_id, uses in finder(workspace_id, segment_ids).items():
                found[segment_id] += uses
    return found


def uses_of(segment: Segment) -> list[Use]:
    """What would change if the segment did."""
    return uses_of_each(segment.workspace_id, [segment.pk])[segment.pk]


def segments_made_of(
    workspace_id: int, segment_ids: Collection[UUID]
) -> Mapping[UUID, Iterable[Use]]:
    """Active segments with a filter on any of those."""
    found: dict[UUID, list[Use]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_MADE_OF, [workspace_id, list(segment_ids)])
        for used, user, name in cursor:
            use = Use(_("segment"), name, page_of(user), Place.SEGMENT)
            found.setdefault(used, []).append(use)
    return found
