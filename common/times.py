"""Moments as partners and back ends write them."""

import re
from datetime import UTC, datetime

# 2013-07-16T19:20:30:250+0100: a form that Braze documents beside ISO-8601.
_COLON_BEFORE_MILLISECONDS = re.compile(r"(T\d{2}:\d{2}:\d{2}):(\d{3})(?=[Z+-])", re.ASCII)


def stamp(moment: datetime | None) -> str | None:
    """A moment as the answers of the API write it: ISO-8601, to the millisecond."""
    return None if moment is None else moment.isoformat(timespec="milliseconds")


def moment(text: str) -> datetime:
    """The moment that an ISO-8601 text names, in UTC, which it is in when it names no offset.

    Raises `ValueError` for anything else, and for what lies outside the years 1 to 9999.
    """
    if "\0" in text:  # `fromisoformat` takes one after the Z
        raise ValueError("a time holds no NUL")
    if text.count(":") > 2:
        text = _COLON_BEFORE_MILLISECONDS.sub(r"\1.\2", text)
    found = datetime.fromisoformat(text.strip())
    try:
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("a time lies in the years 1 to 9999") from error
