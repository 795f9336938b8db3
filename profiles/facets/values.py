"""What a user's value is looked up by: keys, whose order as bytes is the order of the values. Pure.

The rules that filters rest on are these, and they have no other home:

- **Case is no matter.** Texts are compared in Unicode's case-folded form, composed (NFC), so
  `FR` is `fr` and it is no matter how an accent was typed. White space counts. (Ids are
  another thing: they are compared byte for byte, everywhere.)
- **Blank** is what has no value, a text without a visible character, and an empty array.
- **A number is a number**, whole or not, and exact up to 2^63: 5 is 5.0, and not the text "5".
- **A time is a text that says one** in ISO-8601. It is a text too, so filters on texts see it.
  Without an offset it is in UTC; a date is its midnight.
- **An array is what is in it**: texts, numbers and booleans as they are written in JSON, by
  the rule for texts. Objects can be asked for no more than whether they are there.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from struct import Struct
from typing import Any
from unicodedata import is_normalized, normalize

from common import times


class ValueKind(IntEnum):
    """What a value can be asked as. A value is of several: whatever isn't blank is PRESENT."""

    PRESENT = 0
    TEXT = 1
    NUMBER = 2
    TIME = 3
    BOOLEAN = 4
    ITEM = 5


# What a value is found by: a kind, and a key among those of that kind.
Entry = tuple[ValueKind, bytes]

PRESENT: Entry = (ValueKind.PRESENT, b"")
TRUE: Entry = (ValueKind.BOOLEAN, b"\1")
FALSE: Entry = (ValueKind.BOOLEAN, b"\0")

_TIME = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}.*)?", re.ASCII)
_DOUBLE, _ORDERED, _MOMENT = Struct(">d"), Struct(">QH"), Struct(">Q")
_DOUBLE_AND_REST = Struct(">dH")
_HALF = 1 << 63
# Up to here every whole number is a double.
_EXACT = 1 << 53
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def entries_of(value: Any) -> Sequence[Entry]:
    """Everything that a JSON value is found by; nothing for a blank one."""
    if isinstance(value, str):
        return _of_text(value)
    if isinstance(value, bool):
        return PRESENT, TRUE if value else FALSE
    if isinstance(value, int | float):
        return PRESENT, (ValueKind.NUMBER, number_key(value))
    if isinstance(value, list):
        keys = {text_key(item_text(item)) for item in value if not isinstance(item, dict)}
        items = [(ValueKind.ITEM, key) for key in keys]
        return [PRESENT, *items] if value else ()
    return () if value is None else (PRESENT,)


def _of_text(text: str) -> Sequence[Entry]:
    if not text or text.isspace():
        return ()
    entry = ValueKind.TEXT, text_key(text)
    moment = time_of(text)
    if moment is None:
        return PRESENT, entry
    return PRESENT, entry, (ValueKind.TIME, time_key(moment))


def item_text(item: Any) -> str:
    """An array's entry as filters name it."""
    if isinstance(item, str):
        return item
    if isinstance(item, bool):
        return "true" if item else "false"
    return str(int(item)) if item == int(item) else repr(item)


def text_key(text: str) -> bytes:
    if text.isascii():
        return text.lower().encode()
    folded = (text if is_normalized("NFC", text) else normalize("NFC", text)).casefold()
    return normalize("NFC", folded).encode("utf-8", "replace")


def bool_key(flag: bool) -> bytes:
    return (TRUE if flag else FALSE)[1]


def number_key(number: int | float) -> bytes:
    """Ten bytes: the nearest double, and by how much a whole number differs from it."""
    if 0 <= number <= _EXACT:
        # A double sorts like its bits, once the sign is turned.
        return _DOUBLE_AND_REST.pack(-(float(number) + 0.0), 0x8000)
    double = float(number) + 0.0
    exact = isinstance(number, int) and abs(number) <= _HALF
    rest = int(number) - int(double) if exact else 0
    (bits,) = _MOMENT.unpack(_DOUBLE.pack(double))
    # Negative ones are turned round as well.
    return _ORDERED.pack(bits ^ (2**64 - 1) if bits & _HALF else bits | _HALF, rest + 0x8000)


def time_key(moment: datetime) -> bytes:
    return moment_key((moment - _EPOCH) // _MICROSECOND)


def moment_key(microseconds: int) -> bytes:
    """The key of a moment so long after, or before, the beginning of 1970."""
    return _MOMENT.pack(microseconds + _HALF)


def time_of(text: str) -> datetime | None:
    """The moment that a text says, in UTC; None for any other text."""
    if text[4:5] != "-" or not _TIME.fullmatch(text):
        return None
    try:
        return times.moment(text)
    except ValueError:
        return None
