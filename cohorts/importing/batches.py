"""Ids out of a file, in batches: what a row must say, whatever the file's format.

A row names one user by one id: `external_id`, or `alias_label` and `alias_name`, or
`device_id`. Rows of different kinds may stand in one file; other columns are passed over.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from cohorts.partner_api.changes import Changes, Column
from imports.rejects import Reject

LONGEST_ID = 512
LONGEST_ALIAS = 255

# The columns of each kind of id, and how long each may be.
NAMES: Mapping[Column, tuple[str, ...]] = {
    Column.EXTERNAL_ID: ("external_id",),
    Column.ALIAS: ("alias_label", "alias_name"),
    Column.DEVICE: ("device_id",),
}
LONGEST = {Column.EXTERNAL_ID: LONGEST_ID, Column.ALIAS: LONGEST_ALIAS, Column.DEVICE: LONGEST_ID}
ALL_NAMES = tuple(name for names in NAMES.values() for name in names)


@dataclass(slots=True)
class Batch:
    """Rows of a file, their ids laid out as the inbox stores them; `rows` counts rejects too."""

    rows: int
    offset: int
    checkpoint: dict[str, Any]
    changes: Changes = field(default_factory=Changes)
    rejects: list[Reject] = field(default_factory=list)

    def take(self, line: int, cells: Mapping[str, Any], row: Any) -> None:
        """Put the id that the row's cells name into the batch, or the row among the rejects."""
        named = [
            column
            for column, names in NAMES.items()
            if any(cells.get(name) not in (None, "") for name in names)
        ]
        if len(named) != 1:
            text = _("it names two users") if named else _("it names no user")
            self.reject(line, row, text)
            return
        (column,) = named
        texts = [cells.get(name) for name in NAMES[column]]
        faults = [
            fault
            for name, text in zip(NAMES[column], texts, strict=True)
            for fault in faults_of(name, text, LONGEST[column])
        ]
        if faults:
            self.reject(line, row, *faults)
        else:
            self.add(column, [str(text) for text in texts])

    def add(self, column: Column, texts: list[str]) -> None:
        if column is Column.ALIAS:
            self.changes.alias_labels.append(texts[0])
            self.changes.alias_names.append(texts[1])
        elif column is Column.EXTERNAL_ID:
            self.changes.external_ids.append(texts[0])
        else:
            self.changes.device_ids.append(texts[0])

    def reject(self, line: int, row: Any, *reasons: str) -> None:
        self.rejects.append(Reject(line, reasons, row))

    def directed(self, *, remove: bool) -> Changes:
        """The ids as changes that all go one way; kind by kind, for each counts the same."""
        changes = self.changes
        changes.runs.clear()
        changes.append_run(Column.EXTERNAL_ID, len(changes.external_ids), remove=remove)
        changes.append_run(Column.ALIAS, len(changes.alias_names), remove=remove)
        changes.append_run(Column.DEVICE, len(changes.device_ids), remove=remove)
        return changes


def faults_of(name: str, text: Any, longest: int) -> list[str]:
    """What is wrong with an id, in words; nothing where it can be taken."""
    if not isinstance(text, str) or not 0 < len(text) <= longest:
        return [
            _("%(name)s must have 1 to %(longest)d characters") % {"name": name, "longest": longest}
        ]
    if "\0" in text:
        return [_("it contains NUL")]
    return [] if is_unicode(text) else [_("it is not UTF-8")]


def is_unicode(text: str) -> bool:
    """Whether PostgreSQL takes it: half a surrogate pair is no character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
