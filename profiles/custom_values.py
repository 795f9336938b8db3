"""Which JSON values a custom attribute can have, and how a call changes one that it has. Pure."""

import math
from collections.abc import Mapping
from typing import Any

from profiles.steps import LARGEST_WHOLE_NUMBER, MOST_IN_A_LIST, Edit, Increase, Step

LONGEST_NAME = 255
LONGEST_TEXT = 5_000
MOST_IN_AN_OBJECT = 500
# How many objects may lie in one another.
DEEPEST_OBJECT = 10

DESCRIPTION = (
    f"a string of up to {LONGEST_TEXT:,} characters, a number, a boolean, an object, or an array "
    f"of up to {MOST_IN_A_LIST} of them"
)
STEPS = frozenset({"inc", "add", "remove"})


class InvalidValue(ValueError):
    """Says which attribute can't have the value, and what it takes."""


def is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_TEXT and "\0" not in value


def is_name(value: str) -> bool:
    return 0 < len(value) <= LONGEST_NAME and "\0" not in value


def is_custom(value: object) -> bool:
    """Whether an attribute can have it: arrays hold no arrays, and nothing is null."""
    return _is_value(value) and not is_step(value)


def _is_value(value: object, depth: int = 0) -> bool:
    """The same inside of `depth` objects."""
    if isinstance(value, list):
        return len(value) <= MOST_IN_A_LIST and all(
            not isinstance(entry, list) and _is_value(entry, depth) for entry in value
        )
    if isinstance(value, dict):
        return (
            depth < DEEPEST_OBJECT
            and len(value) <= MOST_IN_AN_OBJECT
            and all(is_name(name) and not name.startswith("$") for name in value)
            and all(_is_value(part, depth + 1) for part in value.values())
        )
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, int):
        return abs(value) <= LARGEST_WHOLE_NUMBER
    return is_text(value)


def is_step(value: object) -> bool:
    """Whether it means a change of the value that there is: an object of nothing but its words."""
    return isinstance(value, dict) and bool(value) and value.keys() <= STEPS


def step(name: str, words: Mapping[str, Any]) -> Step:
    """What `{"inc": 1}`, `{"add": […]}`, `{"remove": […]}` or both of the last ask for.

    Raises `InvalidValue`.
    """
    if "inc" in words:
        by = words["inc"]
        if len(words) > 1 or type(by) is not int or abs(by) > LARGEST_WHOLE_NUMBER:
            raise InvalidValue(f"{name} is increased by a whole number and nothing else")
        return Increase(by)
    if not all(isinstance(values, list) and _is_value(values) for values in words.values()):
        raise InvalidValue(f"{name} takes arrays of values to add and to remove")
    return Edit(tuple(words.get("add", ())), tuple(words.get("remove", ())))
