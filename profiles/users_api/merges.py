"""What a call to /users/merge says. Pure.

As in Braze, an update that isn't built right refuses the whole call; one that can't be
carried out fails alone.
"""

from typing import Any

from common.errors import BadRequest
from profiles.merging import Merge
from profiles.rules import Key
from profiles.users_api import naming
from profiles.users_api.decoding import MOST_ITEMS, decode_each
from profiles.users_api.naming import ItemError, Problem

UPDATES = "merge_updates"
SIDES = ("identifier_to_merge", "identifier_to_keep")
NOT_AN_ARRAY = "'merge_updates' must be an array of objects"
TOO_MANY = "a single request may not contain more than 50 merge updates"
OTHER_KEYS = "'merge_updates' must only have 'identifier_to_merge' and 'identifier_to_keep'"
NOT_AN_IDENTIFIER = (
    "identifiers must be objects with an 'external_id' property that is a string, 'user_alias' "
    "property that is an object, 'email' property that is a string, or 'phone' property that is "
    "a string"
)

_NAMES = {"external_id": str, "user_alias": dict, "email": str, "phone": str, "braze_id": str}


def decode(body: object) -> tuple[list[Merge], list[Problem]]:
    updates = body.get(UPDATES) if isinstance(body, dict) else None
    if not isinstance(updates, list) or not all(isinstance(update, dict) for update in updates):
        raise BadRequest(NOT_AN_ARRAY)
    if len(updates) > MOST_ITEMS:
        raise BadRequest(TOO_MANY, errors=[f"received {len(updates)}"])
    for update in updates:
        if set(update) != set(SIDES):
            raise BadRequest(OTHER_KEYS)
        if not all(_is_identifier(update[side]) for side in SIDES):
            raise BadRequest(NOT_AN_IDENTIFIER)
    return decode_each(updates, UPDATES, _merge)


def _is_identifier(value: object) -> bool:
    return isinstance(value, dict) and any(
        isinstance(value.get(name), kind) for name, kind in _NAMES.items()
    )


def _merge(index: int, update: dict[str, Any]) -> Merge:
    source, target = (_user(update[side], side) for side in SIDES)
    return Merge(index, source, target)


def _user(identifier: dict[str, Any], side: str) -> Key | int:
    key, profile_id = naming.user(identifier)
    user = key if key is not None else profile_id
    if user is None:
        raise ItemError(f"{side} must name the user by external_id, user_alias or braze_id")
    return user
