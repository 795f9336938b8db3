"""How the items of a call name users, and how one that can't be carried out is reported. Pure.

An item that can't be understood fails alone: `ItemError` says why, and the answer holds it
as a `Problem` beside the index of the item.
"""

from dataclasses import dataclass
from typing import Any

from profiles import rules
from profiles.rules import Key

LONGEST_ID = 512
LONGEST_ALIAS = 255
LARGEST_PROFILE_ID = 2**63 - 1


class ItemError(ValueError):
    """Why an item can't be carried out, in words for the caller."""


@dataclass(frozen=True, slots=True)
class Problem:
    """An item that failed, by its array and its index there."""

    array: str
    index: int
    reason: str

    def as_json(self) -> dict[str, Any]:
        return {"index": self.index, "type": self.reason, "input_array": self.array}


def user(entry: dict[str, Any]) -> tuple[Key | None, int | None]:
    """The identifier or the profile id that names the user; an id of null is absent."""
    names = ("external_id", "user_alias", "braze_id")
    given = [name for name in names if entry.get(name) is not None]
    if len(given) > 1:
        raise ItemError(f"name the user by one id: {' and '.join(given)} are given")
    if not given:
        return None, None
    if given[0] == "external_id":
        return external_id(entry["external_id"]), None
    if given[0] == "braze_id":
        return None, profile_id(entry["braze_id"])
    return alias(entry["user_alias"]), None


def external_id(value: object) -> Key:
    return rules.external_id(text(value, "external_id", LONGEST_ID))


def alias(value: object) -> Key:
    """The identifier for `{alias_name, alias_label}`."""
    if not isinstance(value, dict):
        raise ItemError("user_alias must be an object with alias_name and alias_label")
    label = text(value.get("alias_label"), "alias_label", LONGEST_ALIAS)
    return rules.alias(label, text(value.get("alias_name"), "alias_name", LONGEST_ALIAS))


def profile_id(value: object) -> int:
    """The number that is written as a `braze_id`."""
    digits = text(value, "braze_id", 19)
    if not (digits.isascii() and digits.isdecimal() and int(digits) <= LARGEST_PROFILE_ID):
        raise ItemError("braze_id names nobody")
    return int(digits)


def text(value: object, name: str, longest: int) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= longest or "\0" in value:
        raise ItemError(f"{name} must be a string of 1 to {longest} characters without NUL")
    return value
