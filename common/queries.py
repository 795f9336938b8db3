"""What the query strings of the API say, checked before anything is looked up.

Each raises `BadRequest` for what makes no sense, naming the parameter.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from common import times
from common.errors import BadRequest, NotFound

PAGE_SIZE = 100
LAST_PAGE = 10_000_000

Query = Mapping[str, str]


def page(query: Query) -> slice:
    """The rows of the page, which are counted from 0, and of which each has a hundred."""
    text = query.get("page", "0")
    if not (text.isascii() and text.isdigit() and len(text) < 9 and int(text) <= LAST_PAGE):
        raise BadRequest("page must be a whole number from 0")
    return slice(int(text) * PAGE_SIZE, (int(text) + 1) * PAGE_SIZE)


def is_descending(query: Query) -> bool:
    direction = query.get("sort_direction", "asc")
    if direction not in ("asc", "desc"):
        raise BadRequest("sort_direction must be asc or desc")
    return direction == "desc"


def text(query: Query, name: str) -> str:
    """One that must be there."""
    found = query.get(name, "")
    if not found or "\0" in found:
        raise BadRequest(f"{name} must be a valid string")
    return found


def key(query: Query, name: str) -> UUID:
    """An id that must be there. Raises `NotFound` for what can be nothing's."""
    found = query.get(name, "")
    if not found:
        raise BadRequest(f"{name} must be a valid string")
    try:
        return UUID(found)
    except ValueError as error:
        raise NotFound from error


def flag(query: Query, name: str) -> bool:
    """False unless it is given."""
    found = query.get(name, "false").lower()
    if found not in ("true", "false"):
        raise BadRequest(f"{name} must be true or false")
    return found == "true"


def moment(query: Query, name: str) -> datetime | None:
    """None unless it is given."""
    if name not in query:
        return None
    try:
        return times.moment(query[name])
    except ValueError as error:
        raise BadRequest(f"{name} must be a valid time as an ISO-8601 string") from error
