"""What uses a segment. Whoever can, registers a finder here, in `AppConfig.ready()`."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from django.utils.translation import gettext as _

from segments.models import Segment


class Use(NamedTuple):
    """Something with a kind ("segment"), a name and a page of its own, if it has one."""

    kind: str
    name: str
    url: str = ""


Finder = Callable[[Segment], Iterable[Use]]

_finders: list[Finder] = []


def register(finder: Finder) -> None:
    if finder not in _finders:
        _finders.append(finder)


def uses_of(segment: Segment) -> list[Use]:
    """What would change if the segment did."""
    return [use for finder in _finders for use in finder(segment)]


def segments_made_of(segment: Segment) -> Iterable[Use]:
    """Active segments with a filter on this one."""
    rows = Segment.objects.filter(workspace_id=segment.workspace_id).active()
    for name in rows.naming_segment(segment).order_by("name").values_list("name", flat=True):
        yield Use(_("segment"), name)
