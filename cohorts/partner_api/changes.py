"""What a partner asks to change: the request's objects, checked and laid out for storing.

Pure: bytes in, `Changes` out. The layout is columnar, an array for each kind of id in the
order named. `runs` tells how the kinds interleave and which way each goes: pairs of
(direction and kind, number of ids), so that the last word on an id can win.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Annotated

import msgspec

MOST_IDS = 1_000
# Far more than there is use for: it bounds what a body of objects without ids can cost.
MOST_OBJECTS = 10_000

CHANGES_MESSAGE = (
    "cohort_changes must be an array of objects each with key user_ids and/or device_ids "
    "mapping to an array of strings, or an aliases object"
)
TOO_MANY_MESSAGE = "Only 1,000 user_ids, device_ids, and aliases are allowed per request"


class InvalidChanges(ValueError):
    """The `cohort_changes` can't be taken; `particulars` say where and why."""

    def __init__(self, message: str, particulars: str) -> None:
        super().__init__(message)
        self.message = message
        self.particulars = particulars


class Column(IntEnum):
    """Which array of the payload a run takes its ids from."""

    EXTERNAL_ID = 1
    ALIAS = 2
    DEVICE = 3


@dataclass(frozen=True, slots=True)
class Run:
    """Ids that follow one another in a request: one kind, all added or all removed."""

    column: Column
    remove: bool
    count: int


@dataclass(slots=True)
class Changes:
    """The ids of one request. `runs` is flat, two integers a run, as it is stored."""

    runs: list[int] = field(default_factory=list)
    external_ids: list[str] = field(default_factory=list)
    device_ids: list[str] = field(default_factory=list)
    alias_labels: list[str] = field(default_factory=list)
    alias_names: list[str] = field(default_factory=list)

    @property
    def ids(self) -> int:
        return len(self.external_ids) + len(self.device_ids) + len(self.alias_names)

    def append_run(self, column: Column, count: int, *, remove: bool) -> None:
        if count:
            self.runs += [column * 2 + remove, count]


def read_runs(flat: list[int]) -> Iterator[Run]:
    for code, count in zip(flat[::2], flat[1::2], strict=True):
        yield Run(Column(code // 2), bool(code % 2), count)


Id = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
AliasPart = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


class _Alias(msgspec.Struct, gc=False):
    alias_name: AliasPart
    alias_label: AliasPart


class _Change(msgspec.Struct, gc=False):
    user_ids: list[Id] | msgspec.UnsetType = msgspec.UNSET
    device_ids: list[Id] | msgspec.UnsetType = msgspec.UNSET
    aliases: list[_Alias] | _Alias | msgspec.UnsetType = msgspec.UNSET
    should_remove: bool = False

    def __post_init__(self) -> None:
        """Called while decoding, which a fault ends: a bad body costs no more than its start."""
        _decoded.objects += 1
        if _decoded.objects > MOST_OBJECTS:
            raise ValueError(f"Expected at most {MOST_OBJECTS:,} objects")
        unset = msgspec.UNSET
        if self.user_ids is unset and self.device_ids is unset and self.aliases is unset:
            raise ValueError("Object has none of `user_ids`, `device_ids`, `aliases`")


class _Decoded(threading.local):
    """How many objects of the request at hand are decoded."""

    objects = 0


_decoded = _Decoded()
_decoder = msgspec.json.Decoder(list[_Change])


def parse(cohort_changes: bytes) -> Changes:
    """Check the JSON of `cohort_changes` whole, then lay its ids out in the order named.

    Raises `InvalidChanges` at the first fault, so that nothing about a bad body is costly.
    """
    _decoded.objects = 0
    try:
        parsed = _decoder.decode(cohort_changes)
    except msgspec.ValidationError as error:
        raise InvalidChanges(CHANGES_MESSAGE, _particulars(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidChanges(CHANGES_MESSAGE, "cohort_changes is not valid JSON") from error
    changes = Changes()
    for change in parsed:
        _lay_out(change, changes)
    if changes.ids > MOST_IDS:
        raise InvalidChanges(TOO_MANY_MESSAGE, f"received {changes.ids:,} ids")
    if b"\\u0000" in cohort_changes:
        _refuse_nul(changes)
    return changes


def _lay_out(change: _Change, changes: Changes) -> None:
    remove = change.should_remove
    if not isinstance(change.user_ids, msgspec.UnsetType):
        changes.external_ids += change.user_ids
        changes.append_run(Column.EXTERNAL_ID, len(change.user_ids), remove=remove)
    if not isinstance(change.device_ids, msgspec.UnsetType):
        changes.device_ids += change.device_ids
        changes.append_run(Column.DEVICE, len(change.device_ids), remove=remove)
    if not isinstance(change.aliases, msgspec.UnsetType):
        aliases = [change.aliases] if isinstance(change.aliases, _Alias) else change.aliases
        changes.alias_labels += [alias.alias_label for alias in aliases]
        changes.alias_names += [alias.alias_name for alias in aliases]
        changes.append_run(Column.ALIAS, len(aliases), remove=remove)


def _refuse_nul(changes: Changes) -> None:
    """PostgreSQL's text has no NUL; an escaped backslash before `u0000` is not one."""
    columns = {
        "user_ids": changes.external_ids,
        "device_ids": changes.device_ids,
        "aliases": changes.alias_labels + changes.alias_names,
    }
    for name, values in columns.items():
        if any("\0" in value for value in values):
            raise InvalidChanges(CHANGES_MESSAGE, f"an id in {name} contains a NUL character")


def _particulars(error: msgspec.ValidationError) -> str:
    """msgspec's sentence names the place and the types, never a value."""
    return str(error).replace("`$", "`cohort_changes")
