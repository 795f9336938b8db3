"""What changed between two versions of a segment, for people to read."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import NamedTuple

from django.utils.translation import gettext as _

from segments.models import Version
from segments.outline import Line, outline
from segments.reading import InvalidTree
from segments.resolving import resolve
from segments.tree import parse


class Fate(StrEnum):
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


class ChangedLine(NamedTuple):
    fate: Fate
    depth: int
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One part of a segment that isn't what it was, line by line."""

    title: str
    lines: list[ChangedLine]


def parts_changed(version: Version, before: Version | None) -> list[str]:
    """Which parts differ from the version before, in words; none for the first."""
    if before is None:
        return []
    words = {
        "name": _("name"),
        "description": _("description"),
        "tags": _("tags"),
        "filters": _("filters"),
    }
    return [word for name, word in words.items() if getattr(version, name) != getattr(before, name)]


def differences(version: Version, before: Version) -> list[Difference]:
    """Every part that differs, `before` being what is crossed out."""
    found = []
    for name, title in _titles().items():
        old, new = getattr(before, name), getattr(version, name)
        if old != new:
            lines = _changed(_lines(before, name), _lines(version, name))
            found.append(Difference(title, lines))
    return found


def filter_lines(version: Version) -> list[Line]:
    """The filters of a version in words; as JSON, where they name what is no more."""
    try:
        tree = parse(version.filters)
        return outline(tree, resolve(version.segment.workspace_id, [tree]))
    except InvalidTree:
        text = json.dumps(version.filters, indent=1, ensure_ascii=False)
        return [Line(len(line) - len(line.lstrip()), line.strip()) for line in text.splitlines()]


def _titles() -> dict[str, str]:
    return {
        "name": _("Name"),
        "description": _("Description"),
        "tags": _("Tags"),
        "filters": _("Filters"),
    }


def _lines(version: Version, name: str) -> list[Line]:
    if name == "filters":
        return filter_lines(version)
    value = getattr(version, name)
    texts = value if isinstance(value, list) else value.splitlines()
    return [Line(0, text) for text in texts]


def _changed(before: Sequence[Line], after: Sequence[Line]) -> list[ChangedLine]:
    found = []
    for what, old, old_end, new, new_end in SequenceMatcher(
        None, before, after, autojunk=False
    ).get_opcodes():
        if what == "equal":
            found += [ChangedLine(Fate.SAME, *line) for line in before[old:old_end]]
        else:
            found += [ChangedLine(Fate.REMOVED, *line) for line in before[old:old_end]]
            found += [ChangedLine(Fate.ADDED, *line) for line in after[new:new_end]]
    return found
