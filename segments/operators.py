"""How a filter compares a value. Pure.

Operators come in pairs that split everybody in two: whoever one of them leaves out, the
other takes. The first of a pair needs a value that passes, so users without one, and users
whose value is of another kind, are with the second. `profiles.facets.values` has the rules
of what equals what.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from profiles.facets.asks import AnyOf, Containing, Span, Test, after, starting
from profiles.facets.values import (
    FALSE,
    PRESENT,
    TRUE,
    ValueKind,
    number_key,
    text_key,
    time_key,
    time_of,
)

# A filter's value as JSON has it. Times are ISO-8601 texts; a date without a time is the day.
Value = str | int | float
Values = tuple[Value, ...]


class Takes(StrEnum):
    """What an operator is given."""

    NOTHING = "nothing"
    TEXT = "text"
    TEXTS = "texts"  # one or several
    NUMBER = "number"
    TWO_NUMBERS = "two numbers"  # the smaller first
    TIME = "time"
    TWO_TIMES = "two times"  # the earlier first
    DAY = "day"
    DAYS = "days"  # a whole number of them


@dataclass(frozen=True, slots=True)
class Operator:
    """`value` is its name in JSON, `opposite` that of the one that takes everybody else."""

    value: str
    opposite: str
    kind: ValueKind
    takes: Takes
    test: Callable[[Values, datetime], Test]
    # Whether it takes those who don't pass the test, users without a value among them.
    takes_blanks: bool


def _texts(values: Values, _moment: datetime) -> Test:
    return AnyOf(frozenset(text_key(str(value)) for value in values))


def _starts(values: Values, _moment: datetime) -> Test:
    return starting(text_key(str(values[0])))


def _contains(values: Values, _moment: datetime) -> Test:
    return Containing(text_key(str(values[0])))


def _equals(values: Values, _moment: datetime) -> Test:
    return AnyOf(frozenset(map(number_key, _numbers(values))))


def _more(values: Values, _moment: datetime) -> Test:
    return Span(low=after(number_key(*_numbers(values))))


def _less(values: Values, _moment: datetime) -> Test:
    return Span(high=number_key(*_numbers(values)))


def _between(values: Values, _moment: datetime) -> Test:
    low, high = _numbers(values)
    return Span(number_key(low), after(number_key(high)))


def _true(_values: Values, _moment: datetime) -> Test:
    return AnyOf(frozenset({TRUE[1]}))


def _false(_values: Values, _moment: datetime) -> Test:
    return AnyOf(frozenset({FALSE[1]}))


def _before(values: Values, _moment: datetime) -> Test:
    return Span(high=_start(values[0]))


def _after(values: Values, _moment: datetime) -> Test:
    return Span(low=_end(values[0]))


def _during(values: Values, _moment: datetime) -> Test:
    return Span(_start(values[0]), _end(values[-1]))


def _in_the_last(values: Values, moment: datetime) -> Test:
    return Span(time_key(moment - _days(values)), after(time_key(moment)))


def _longer_ago(values: Values, moment: datetime) -> Test:
    return Span(high=time_key(moment - _days(values)))


def _in_the_next(values: Values, moment: datetime) -> Test:
    return Span(time_key(moment), after(time_key(moment + _days(values))))


def _present(_values: Values, _moment: datetime) -> Test:
    return AnyOf(frozenset({PRESENT[1]}))


def _numbers(values: Values) -> Sequence[int | float]:
    return [value for value in values if not isinstance(value, str)]


def _days(values: Values) -> timedelta:
    return timedelta(days=int(values[0]))


def is_day(text: str) -> bool:
    """Whether a time is a date alone, which stands for the whole day in UTC."""
    return len(text) == len("2026-01-31")


def _start(value: Value) -> bytes:
    moment = time_of(str(value))
    assert moment is not None  # reading the filter has seen to that
    return time_key(moment)


def _end(value: Value) -> bytes:
    """The first key behind the moment, or behind the day."""
    moment = time_of(str(value))
    assert moment is not None  # likewise
    if not is_day(str(value)):
        return after(time_key(moment))
    # In the arithmetic of keys: the last day of the year 9999 has no day after it.
    start = int.from_bytes(time_key(moment), "big")
    return (start + 86_400 * 1_000_000).to_bytes(8, "big")


_PAIRS = (
    (ValueKind.TEXT, Takes.TEXT, "is", "is_not", _texts),
    (ValueKind.TEXT, Takes.TEXTS, "is_any_of", "is_none_of", _texts),
    (ValueKind.TEXT, Takes.TEXT, "starts_with", "does_not_start_with", _starts),
    (ValueKind.TEXT, Takes.TEXT, "contains", "does_not_contain", _contains),
    (ValueKind.NUMBER, Takes.NUMBER, "equals", "does_not_equal", _equals),
    (ValueKind.NUMBER, Takes.NUMBER, "more_than", "not_more_than", _more),
    (ValueKind.NUMBER, Takes.NUMBER, "less_than", "not_less_than", _less),
    (ValueKind.NUMBER, Takes.TWO_NUMBERS, "between", "not_between", _between),
    (ValueKind.BOOLEAN, Takes.NOTHING, "is_true", "is_not_true", _true),
    (ValueKind.BOOLEAN, Takes.NOTHING, "is_false", "is_not_false", _false),
    (ValueKind.TIME, Takes.TIME, "before", "not_before", _before),
    (ValueKind.TIME, Takes.TIME, "after", "not_after", _after),
    (ValueKind.TIME, Takes.DAY, "on", "not_on", _during),
    (ValueKind.TIME, Takes.TWO_TIMES, "between_times", "not_between_times", _during),
    (ValueKind.TIME, Takes.DAYS, "in_the_last_days", "not_in_the_last_days", _in_the_last),
    (ValueKind.TIME, Takes.DAYS, "more_than_days_ago", "not_more_than_days_ago", _longer_ago),
    (ValueKind.TIME, Takes.DAYS, "in_the_next_days", "not_in_the_next_days", _in_the_next),
    (ValueKind.ITEM, Takes.TEXTS, "includes", "does_not_include", _texts),
    (ValueKind.PRESENT, Takes.NOTHING, "is_not_blank", "is_blank", _present),
)


def _all() -> Mapping[str, Operator]:
    found = {}
    for kind, takes, one, other, test in _PAIRS:
        found[one] = Operator(one, other, kind, takes, test, takes_blanks=False)
        found[other] = Operator(other, one, kind, takes, test, takes_blanks=True)
    return found


# By name, in the order in which they are offered: text, number, boolean, time, list, any.
OPERATORS = _all()


def of_kind(*kinds: ValueKind) -> Mapping[str, Operator]:
    """Those that ask for values of these kinds."""
    return {name: one for name, one in OPERATORS.items() if one.kind in kinds}
