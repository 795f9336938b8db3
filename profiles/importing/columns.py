"""The header of a user CSV: which column names the user, and what the others hold."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from imports.files import InvalidFile
from imports.rejects import OWN
from profiles.attributes import FLAGS, STANDARD, check
from profiles.custom_values import LONGEST_NAME, InvalidValue
from profiles.rules import Kind

LONGEST_ID = 512
LONGEST_ALIAS = 255

_WHOLE = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True, slots=True)
class Column:
    """An attribute's column. Without `convert` any text will do; unless `typed`, it stays text."""

    index: int
    name: str
    convert: Callable[[str], Any] | None
    typed: bool = False


@dataclass(frozen=True, slots=True)
class Header:
    """What each line names its user by, and the attributes that it gives.

    `mended` says that these are rejected rows of an earlier import, sent again.
    """

    kind: Kind
    label_index: int | None
    value_index: int
    columns: tuple[Column, ...]
    width: int
    mended: bool


def parse(cells: Sequence[str]) -> Header:
    """Raises `InvalidFile` when the file can't be read as users."""
    names = [cell.strip() for cell in cells]
    if re.search("[\0\ud800-\udfff]", "".join(names)):
        raise InvalidFile(_("The header isn't plain text in UTF-8."))
    if len(names) == 1 and re.search(r"[;\t]", names[0]):
        raise InvalidFile(_("Columns must be separated by commas."))
    kind, label_index, value_index = _identity(names)
    used = {label_index, value_index} | {i for i, name in enumerate(names) if name in OWN}
    columns = [_column(index, name) for index, name in enumerate(names) if index not in used]
    seen: set[str] = set()
    for column in columns:
        if column.name in seen:
            raise _named_twice(column.name)
        seen.add(column.name)
    mended = any(name in OWN for name in names)
    return Header(kind, label_index, value_index, tuple(columns), len(names), mended)


def _named_twice(name: str) -> InvalidFile:
    return InvalidFile(_("Two columns are named %(name)s.") % {"name": name})


def _identity(names: list[str]) -> tuple[Kind, int | None, int]:
    """The kind of id, where its label stands, if it has one, and where its value."""
    for name in ("external_id", "alias_label", "alias_name", "device_id"):
        if names.count(name) > 1:
            raise _named_twice(name)
    kinds = [name for name in ("external_id", "alias_name", "device_id") if name in names]
    if len(kinds) != 1 or ("alias_label" in names) != ("alias_name" in names):
        raise InvalidFile(
            _(
                "The header must name either external_id, or alias_label and alias_name, or"
                " device_id."
            )
        )
    index = names.index(kinds[0])
    if kinds[0] == "alias_name":
        return Kind.ALIAS, names.index("alias_label"), index
    return (Kind.EXTERNAL_ID if kinds[0] == "external_id" else Kind.DEVICE), None, index


def _column(index: int, name: str) -> Column:
    bare, colon, kind = name.rpartition(":")
    typed = bool(colon and bare) and kind in _TYPES
    final = bare if typed else name
    if final in FLAGS:
        return Column(index, final, _boolean, typed=True)
    if final in STANDARD:  # their type is known, whatever the header says
        return Column(index, final, None if final in PLAIN else _standard(final))
    if not 0 < len(final) <= LONGEST_NAME:
        raise InvalidFile(
            _("Column %(number)d needs a name of at most %(most)d characters.")
            % {"number": index + 1, "most": LONGEST_NAME}
        )
    return Column(index, final, _TYPES[kind] if typed else None, typed)


def _standard(name: str) -> Callable[[str], str]:
    def convert(text: str) -> str:
        check(name, text)
        return text

    return convert


def _number(text: str) -> int | float:
    if _WHOLE.fullmatch(text):
        return int(text)
    if not _NUMBER.fullmatch(text) or not math.isfinite(number := float(text)):
        raise InvalidValue(_("it must be a number"))
    return number


def _boolean(text: str) -> bool:
    try:
        return _BOOLEANS[text.lower()]
    except KeyError:
        raise InvalidValue(_("it must be true or false")) from None


def _time(text: str) -> str:
    """The same moment as ISO-8601 in UTC, which is also what a time without offset is in."""
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidValue(_("it must be an ISO-8601 time")) from None
    return moment.isoformat().replace("+00:00", "Z")


_TYPES: dict[str, Callable[[str], Any]] = {"number": _number, "boolean": _boolean, "time": _time}
# Standard fields that take any text, so that nothing is checked cell by cell.
PLAIN = frozenset(name for name, rule in STANDARD.items() if rule is STANDARD["email"])
