"""What the calls of the Segments API carry, checked before anything is looked up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from django.utils import timezone

from common import queries
from common.errors import BadRequest
from segments.reading import InvalidTree, Node
from segments.tree import ROOT, Tree, parse

LONGEST_DESCRIPTION = 10_000
MOST_TAGS = 50
MOST_DAYS = 100
# Of a time that a call names: there was no Quayside before, and days can be counted back.
EARLIEST_YEAR = 2000


@dataclass(frozen=True, slots=True)
class NewSegment:
    name: str
    description: str
    tags: tuple[str, ...]
    filters: Tree


def refuse(error: InvalidTree) -> NoReturn:
    """Say that the filters can't be used, and where they are wrong."""
    raise BadRequest("filters must be a valid filter tree", errors=error.problems) from error


def filters(body: object) -> Tree:
    """The tree of `{"filters": …}`."""
    value = body.get(ROOT) if isinstance(body, dict) else None
    try:
        return parse(value)
    except InvalidTree as error:
        refuse(error)


def with_channels(body: object) -> bool:
    """Whether reach by channel is wanted too."""
    wanted = body.get("channels", False) if isinstance(body, dict) else False
    if not isinstance(wanted, bool):
        raise BadRequest("channels must be a boolean")
    return wanted


def new_segment(body: object) -> NewSegment:
    if not isinstance(body, dict):
        raise BadRequest
    node = Node(body, "")
    try:
        name = node.text("name", longest=255).strip()
        description = node.optional_text("description", longest=LONGEST_DESCRIPTION)
        tags = node.texts("tags", most=MOST_TAGS, longest=64) if body.get("tags") else ()
    except InvalidTree as error:
        raise BadRequest(str(error)) from error
    if not name:
        raise BadRequest("name must be a non-empty string")
    return NewSegment(name, description, tags, filters(body))


def length(query: Mapping[str, str]) -> int:
    """How many days."""
    text = query.get("length", "")
    if not (text.isascii() and text.isdigit() and len(text) < 4 and 1 <= int(text) <= MOST_DAYS):
        raise BadRequest(f"length must be a whole number from 1 to {MOST_DAYS}")
    return int(text)


def ending_at(query: Mapping[str, str]) -> datetime:
    """Now, unless it is given."""
    moment = queries.moment(query, "ending_at")
    if moment is None:
        return timezone.now()
    if moment.year < EARLIEST_YEAR:
        raise BadRequest(f"ending_at must not be before {EARLIEST_YEAR}")
    return moment
