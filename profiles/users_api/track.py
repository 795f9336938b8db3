"""What a call to /users/track says: decoded and checked item by item. Pure.

An item that can't be understood becomes a `Problem` and fails alone. Only what leaves no
items to speak of refuses the whole call.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from common.errors import BadRequest
from profiles import attributes, rules
from profiles.attributes import Patch
from profiles.custom_values import InvalidValue
from profiles.rules import Key
from profiles.users_api import occurrences
from profiles.users_api.naming import LONGEST_ID, ItemError, Problem, text, user
from profiles.users_api.occurrences import Occurrence

ARRAYS = ("attributes", "events", "purchases")
MOST_ITEMS = 75

_OCCURRENCES: Mapping[str, Callable[[dict[str, Any]], Occurrence | None]] = {
    "attributes": lambda entry: None,
    "events": occurrences.event,
    "purchases": occurrences.purchase,
}

# Keys of an item that aren't attributes.
_NOT_ATTRIBUTES = attributes.NOT_KEPT | frozenset(
    {
        "external_id",
        "user_alias",
        "braze_id",
        "devices",
        "push_tokens",
        "push_token_import",
        "_create_anonymous",
        "_merge_objects",
        "_update_existing_only",
        "app_id",
    }
)


@dataclass(frozen=True, slots=True)
class Item:
    """One change to one user, who is named by `key`, else by `profile_id`, else by devices.

    It says something about the user, or that the user did something.
    """

    array: str
    index: int
    key: Key | None
    profile_id: int | None
    devices: tuple[Key, ...]
    may_create: bool
    patch: Patch
    occurrence: Occurrence | None

    def identifiers(self) -> Iterator[Key]:
        if self.key is not None:
            yield self.key
        yield from self.devices


def decode(body: object) -> tuple[list[Item], list[Problem]]:
    """The items of a request body in the order of processing, and those that failed.

    Raises `BadRequest` for a body without arrays, and for too many items.
    """
    if not isinstance(body, dict) or not any(body.get(array) is not None for array in ARRAYS):
        raise BadRequest(errors=["attributes, events or purchases must be an array of objects"])
    items: list[Item] = []
    problems: list[Problem] = []
    for array in ARRAYS:
        entries = body.get(array)
        if entries is None:
            continue
        if not isinstance(entries, list):
            raise BadRequest(errors=[f"{array} must be an array of objects"])
        if len(entries) > MOST_ITEMS:
            raise BadRequest(
                "Max Input Length Exceeded",
                errors=[f"{array} has {len(entries)} objects; {MOST_ITEMS} are allowed"],
            )
        for index, entry in enumerate(entries):
            try:
                items.append(_item(array, index, entry))
            except (ItemError, InvalidValue) as error:
                problems.append(Problem(array, index, str(error)))
    return items, problems


def in_order(problems: list[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda problem: (ARRAYS.index(problem.array), problem.index))


def _item(array: str, index: int, entry: object) -> Item:
    if not isinstance(entry, dict):
        raise ItemError("an item must be an object")
    key, profile_id = user(entry)
    devices = _devices(entry)
    anonymous = _flag(entry, "_create_anonymous") or False
    existing_only = _flag(entry, "_update_existing_only")
    named = key is not None or profile_id is not None
    if anonymous and named:
        raise ItemError("_create_anonymous goes with devices instead of an id")
    if anonymous and not devices:
        raise ItemError("_create_anonymous needs a device id")
    if not anonymous and not named:
        raise ItemError("external_id, user_alias or braze_id must name a user")
    # An unknown alias creates a user only when told to, an external id unless told not to.
    is_alias = key is not None and key.kind == rules.Kind.ALIAS
    may_create = profile_id is None and (existing_only is False or not (existing_only or is_alias))
    patch = _patch(entry) if array == "attributes" else Patch()
    occurrence = _OCCURRENCES[array](entry)
    return Item(array, index, key, profile_id, devices, may_create, patch, occurrence)


def _devices(entry: dict[str, Any]) -> tuple[Key, ...]:
    """Device ids of `devices` and of `push_tokens`; a token needs none."""
    found: dict[Key, None] = {}
    for name, required in (("devices", True), ("push_tokens", False)):
        values = entry.get(name)
        if values is None:
            continue
        if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
            raise ItemError(f"{name} must be an array of objects with a device_id")
        for value in values:
            if required or value.get("device_id") is not None:
                found[rules.device(text(value.get("device_id"), "device_id", LONGEST_ID))] = None
    return tuple(found)


def _patch(entry: dict[str, Any]) -> Patch:
    patch = Patch()
    for name, value in entry.items():
        if name not in _NOT_ATTRIBUTES:
            patch.put(name, attributes.read(name, value))
    return patch


def _flag(entry: dict[str, Any], name: str) -> bool | None:
    value = entry.get(name)
    if value is not None and not isinstance(value, bool):
        raise ItemError(f"{name} must be a boolean")
    return value
