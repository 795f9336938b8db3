"""Filters on values over plain Python values: slow, written from the rules, sharing no code."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from unicodedata import normalize


def folded(text):
    return normalize("NFC", normalize("NFC", text).casefold())


def is_blank(value):
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def moment(text):
    """The moment of an ISO-8601 text, None for another one."""
    if not (isinstance(text, str) and text[:4].isdigit() and text[4:5] == "-"):
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


def bounds(text):
    """From and up to when, the end left out, a time goes on: a day is 24 hours."""
    start = moment(text)
    length = timedelta(days=1) if len(text) == 10 else timedelta(microseconds=1)
    last = datetime.max.replace(tzinfo=UTC)
    return start, start + length if start < last - length else last


def item(value):
    return value if isinstance(value, str) else str(value).lower()


TEXT = {
    "is": lambda value, wanted: value in wanted,
    "is_any_of": lambda value, wanted: value in wanted,
    "starts_with": lambda value, wanted: value.startswith(wanted[0]),
    "contains": lambda value, wanted: wanted[0] in value,
}
NUMBER = {
    "equals": lambda value, first, *_: value == first,
    "more_than": lambda value, first, *_: value > first,
    "less_than": lambda value, first, *_: value < first,
    "between": lambda value, first, second: first <= value <= second,
}
DAYS = {
    "in_the_last_days": lambda value, now, days: now - days <= value <= now,
    "more_than_days_ago": lambda value, now, days: value < now - days,
    "in_the_next_days": lambda value, now, days: now <= value <= now + days,
}
TIME = {
    "before": lambda value, given: value < bounds(given[0])[0],
    "after": lambda value, given: value >= bounds(given[0])[1],
    "on": lambda value, given: bounds(given[0])[0] <= value < bounds(given[0])[1],
    "between_times": lambda value, given: bounds(given[0])[0] <= value < bounds(given[1])[1],
}
OTHERS = {
    "is_not_blank": lambda value: not is_blank(value),
    "is_true": lambda value: value is True,
    "is_false": lambda value: value is False,
}
OPPOSITE = {
    "is_not": "is",
    "is_none_of": "is_any_of",
    "does_not_start_with": "starts_with",
    "does_not_contain": "contains",
    "does_not_equal": "equals",
    "is_blank": "is_not_blank",
    "is_not_true": "is_true",
    "is_not_false": "is_false",
    "does_not_include": "includes",
} | {f"not_{name}": name for name in [*NUMBER, *DAYS, *TIME]}


def matches(value, operator, given, now):
    """Whether a value (None for none) passes."""
    if operator in OPPOSITE:
        return not matches(value, OPPOSITE[operator], given, now)
    if operator in OTHERS:
        return OTHERS[operator](value)
    if is_blank(value):
        return False
    if operator == "includes":
        wanted = [folded(each) for each in given]
        items = (
            [each for each in value if not isinstance(each, dict)] if type(value) is list else []
        )
        return any(folded(item(each)) in wanted for each in items)
    if operator in TEXT:
        texts = [folded(each) for each in given]
        return isinstance(value, str) and TEXT[operator](folded(value), texts)
    if operator in NUMBER:
        return is_number(value) and NUMBER[operator](Decimal(value), *map(Decimal, given))
    at = moment(value)
    if at is None:
        return False
    if operator in DAYS:
        return DAYS[operator](at, now, timedelta(days=given[0]))
    return TIME[operator](at, given)
