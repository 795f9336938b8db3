"""What is known about a user: Braze's standard fields, each with its type, and custom ones.

Everything lives in one JSON document by name; a name with other case is another attribute.
Times are kept as the ISO-8601 text that came. Arrays hold no value twice.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import available_timezones

from profiles import custom_values
from profiles.custom_values import LONGEST_NAME, LONGEST_TEXT, InvalidValue, is_text
from profiles.steps import Edit, Increase, Misfit, Step, unique

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

# Fields that Braze documents and Quayside has no use for: taken, and not kept. So a back end
# that sends them needn't change, and they never pass for custom attributes.
NOT_KEPT = frozenset(
    {
        "bio",
        "current_location",
        "date_of_first_session",
        "date_of_last_session",
        "facebook",
        "image_url",
        "marked_email_as_spam_at",
        "subscription_groups",
        "twitter",
    }
)


def _is_day(value: object) -> bool:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _one_of(*values: str) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and value in values


def _is_time_zone(value: object) -> bool:
    return isinstance(value, str) and value in _TIME_ZONES


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


_TIME_ZONES = available_timezones()
_TEXT = (is_text, f"a string of up to {LONGEST_TEXT:,} characters")
_SUBSCRIPTION = (
    _one_of("opted_in", "subscribed", "unsubscribed"),
    "opted_in, subscribed or unsubscribed",
)
_FLAG = (_is_flag, "true or false")

# The standard fields: which values each takes, and how to say so.
STANDARD: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "email": _TEXT,
    "phone": _TEXT,
    "first_name": _TEXT,
    "last_name": _TEXT,
    "country": _TEXT,
    "language": _TEXT,
    "gender": (_one_of("M", "F", "O", "N", "P"), "M, F, O, N or P"),
    "dob": (_is_day, "a date as YYYY-MM-DD"),
    "home_city": _TEXT,
    "time_zone": (_is_time_zone, "a time zone of the IANA database"),
    "email_subscribe": _SUBSCRIPTION,
    "push_subscribe": _SUBSCRIPTION,
    "email_open_tracking_disabled": _FLAG,
    "email_click_tracking_disabled": _FLAG,
}
# Those of them that are yes or no; the others are texts.
FLAGS = frozenset(name for name, rule in STANDARD.items() if rule is _FLAG)


_CUSTOM = (custom_values.is_custom, custom_values.DESCRIPTION)


def check(name: str, value: object) -> None:
    """Raise `InvalidValue` unless the attribute may have that value. None removes it."""
    if not custom_values.is_name(name):
        raise InvalidValue(f"an attribute's name is 1 to {LONGEST_NAME} characters without NUL")
    if value is None:
        return
    takes, description = STANDARD.get(name, _CUSTOM)
    if not takes(value):
        raise InvalidValue(f"{name} must be {description}")


def read(name: str, value: Any) -> Any:
    """What the JSON value of an attribute puts into a `Patch`: a value, a `Step`, or None.

    Raises `InvalidValue`.
    """
    if name not in STANDARD and custom_values.is_step(value):
        check(name, None)
        return custom_values.step(name, value)
    check(name, value)
    return unique(value) if isinstance(value, list) else value


@dataclass(slots=True)
class Patch:
    """Values to set, names to remove, and steps from values that are still to be read.

    Every name is in one of the three: what is said last about it holds, and a step from a
    value in sight is taken at once. `left_out` are steps that didn't fit their values.
    """

    values: dict[str, Any] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    steps: dict[str, list[Step]] = field(default_factory=dict)
    left_out: dict[Step, str] = field(default_factory=dict)

    def put(self, name: str, value: Any) -> None:
        """Set the value, take a `Step` from the one that there is, or remove it with None."""
        if isinstance(value, Increase | Edit):
            self._step(name, value)
            return
        self.steps.pop(name, None)
        self._set(name, value)

    def then(self, later: "Patch") -> "Patch":
        """Both in one."""
        both = Patch(
            dict(self.values),
            set(self.removed),
            {name: list(steps) for name, steps in self.steps.items()},
            self.left_out | later.left_out,
        )
        for name in later.removed:
            both.put(name, None)
        for name, value in later.values.items():
            both.put(name, value)
        for name, steps in later.steps.items():
            for step in steps:
                both.put(name, step)
        return both

    def settle(self, current: Mapping[str, Any]) -> None:
        """Take all steps, now that the values that there are have been read."""
        for name in list(self.steps):
            steps = self.steps.pop(name)
            value = current.get(name)
            for step in steps:
                value = self._taken(step, value)
            if value != current.get(name):
                self._set(name, value)

    def as_json(self) -> str:
        return json.dumps(self.values, ensure_ascii=False)

    def __bool__(self) -> bool:
        return bool(self.values or self.removed or self.steps)

    def _set(self, name: str, value: Any) -> None:
        if value is None:
            self.values.pop(name, None)
            self.removed.add(name)
        else:
            self.values[name] = value
            self.removed.discard(name)

    def _step(self, name: str, step: Step) -> None:
        if name in self.values or name in self.removed:
            self._set(name, self._taken(step, self.values.get(name)))
        else:
            self.steps.setdefault(name, []).append(step)

    def _taken(self, step: Step, value: Any) -> Any:
        """The value after the step, which is left out where it doesn't fit."""
        try:
            return step.taken(value)
        except Misfit as misfit:
            self.left_out[step] = str(misfit)
            return value
