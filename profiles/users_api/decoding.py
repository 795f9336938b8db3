"""What the calls about identities have in common: arrays of up to 50 objects. Pure."""

from collections.abc import Callable
from typing import Any, TypeVar

from common.errors import BadRequest
from profiles.results import Result
from profiles.users_api.naming import ItemError, Problem

MOST_ITEMS = 50
TOO_MANY = "The max number of external_ids and aliases per request was exceeded"

T = TypeVar("T")


def array(body: object, name: str, *, too_many: str = TOO_MANY) -> list[Any]:
    """The array of that name, which the body must have.

    Raises `BadRequest` when it is absent, something else, or too long.
    """
    entries = body.get(name) if isinstance(body, dict) else None
    if not isinstance(entries, list):
        raise BadRequest(errors=[f"{name} must be an array of objects"])
    if len(entries) > MOST_ITEMS:
        raise BadRequest(
            too_many, errors=[f"{name} has {len(entries)} entries; {MOST_ITEMS} are allowed"]
        )
    return entries


def decode_each(
    entries: list[Any], name: str, decode: Callable[[int, dict[str, Any]], T]
) -> tuple[list[T], list[Problem]]:
    """What `decode` makes of each object, and those that it can't make anything of."""
    items: list[T] = []
    problems: list[Problem] = []
    for index, entry in enumerate(entries):
        try:
            if not isinstance(entry, dict):
                raise ItemError("an item must be an object")
            items.append(decode(index, entry))
        except ItemError as error:
            problems.append(Problem(name, index, str(error)))
    return items, problems


def errors(name: str, undecoded: list[Problem], result: Result | None = None) -> dict[str, Any]:
    """The part of an answer that says which items failed; nothing when none did."""
    refused = [Problem(name, index, reason) for index, reason in result.problems] if result else []
    failed = sorted(undecoded + refused, key=lambda problem: problem.index)
    return {"errors": [problem.as_json() for problem in failed]} if failed else {}
