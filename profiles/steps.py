"""Changes to an attribute that depend on the value it has. Pure.

Arrays are as Braze has them: no value is in one twice, and adding one that is there already
moves it to the end.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

MOST_IN_A_LIST = 500
LARGEST_WHOLE_NUMBER = 2**63 - 1


class Misfit(ValueError):
    """Why a step can't be taken from the value there is, in words for the caller."""


class Step(Protocol):
    """Compared by identity: two calls that add one make two."""

    def taken(self, value: Any) -> Any:
        """The value after the step; None stands for no value, before and after.

        Raises `Misfit`.
        """


@dataclass(frozen=True, slots=True, eq=False)
class Increase:
    """Makes a whole number larger; without a value it begins at zero."""

    by: int

    def taken(self, value: Any) -> Any:
        if value is not None and type(value) is not int:
            raise Misfit("it is no whole number")
        total = (value or 0) + self.by
        if abs(total) > LARGEST_WHOLE_NUMBER:
            raise Misfit("it would be too large a number")
        return total


@dataclass(frozen=True, slots=True, eq=False)
class Edit:
    """Takes values out of an array, then puts others at its end."""

    added: tuple[Any, ...]
    removed: tuple[Any, ...]

    def taken(self, value: Any) -> Any:
        if value is None and not self.added:
            return None
        if value is not None and not isinstance(value, list):
            raise Misfit("it is no array")
        gone = {_identity(each) for each in self.removed + self.added}
        kept = [each for each in value or () if _identity(each) not in gone]
        result = kept + unique(self.added)
        if len(result) > MOST_IN_A_LIST:
            raise Misfit(f"it would have more than {MOST_IN_A_LIST} values")
        return result


def unique(values: Iterable[Any]) -> list[Any]:
    """Each value once, where it comes first."""
    return list({_identity(value): value for value in values}.values())


def _identity(value: Any) -> object:
    """What tells JSON values apart: for Python, true is 1."""
    if isinstance(value, dict):
        return json.dumps(value, sort_keys=True)
    return type(value) is bool, value
