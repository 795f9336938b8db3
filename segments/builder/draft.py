"""A filter tree while somebody edits it: blank rows, half a choice, a group just added.

Every group and row keeps its key from one rendering of the form to the next, so that
adding or removing one disturbs nothing else on the page. Pure: form fields in, JSON out.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from segments.filters import KINDS
from segments.filters.base import Row
from segments.reading import InvalidTree
from segments.tree import MOST_FILTERS, MOST_GROUPS, ROOT, VERSION, Group, Match, Tree

_KEY = re.compile(r"[a-z][0-9]{1,6}")


class Fields(Protocol):
    """Submitted form fields, a QueryDict."""

    def get(self, name: str, default: str, /) -> Any: ...

    def getlist(self, name: str, /) -> list[Any]: ...

    def __contains__(self, name: object, /) -> bool: ...


@dataclass
class DraftRow:
    key: str
    what: str = ""
    operator: str = "includes"
    values: list[str] = field(default_factory=list)
    search: str = ""
    problems: list[str] = field(default_factory=list)

    @property
    def is_blank(self) -> bool:
        """Whether it is still unfinished: such a row is left out of the tree."""
        kind = KINDS.get(self.what.partition("/")[0])
        return not self.values and (kind is None or kind.takes_values(self.operator))

    def to_json(self) -> dict[str, Any]:
        kind = KINDS.get(self.what.partition("/")[0])
        row = Row(self.what, self.operator, tuple(self.values))
        return kind.json_of(row) if kind else {"kind": self.what}


@dataclass
class DraftGroup:
    key: str
    name: str = ""
    match: str = Match.ALL.value
    is_exclusion: bool = False
    is_collapsed: bool = False
    rows: list[DraftRow] = field(default_factory=list)

    @property
    def filled(self) -> list[DraftRow]:
        return [row for row in self.rows if not row.is_blank]

    def next_key(self) -> str:
        return f"{self.key}-{_next('r', [row.key for row in self.rows])}"

    def add_row(self) -> DraftRow:
        row = DraftRow(self.next_key())
        self.rows.append(row)
        return row

    def to_json(self) -> dict[str, Any]:
        rows = [row.to_json() for row in self.filled]
        return {"name": self.name, "match": self.match, "filters": rows}


@dataclass
class Draft:
    match: str = Match.ALL.value
    groups: list[DraftGroup] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    # The id of the element that whoever edits goes on with.
    focus: str = ""

    @classmethod
    def of(cls, tree: Tree) -> "Draft":
        """The tree, or one blank row where it has no groups."""
        draft = cls(match=tree.match.value)
        for group in tree.groups:
            draft._take(group, is_exclusion=False)
        for group in tree.exclusions:
            draft._take(group, is_exclusion=True)
        if not tree.groups:
            draft.add_group()
        return draft

    @classmethod
    def from_cohorts(cls, names: Iterable[str]) -> "Draft":
        """Filters that include cohorts named as `partner:id`, a row for each partner.

        What isn't named like that is left out.
        """
        draft = cls.of(Tree())
        group = draft.groups[0]
        chosen: dict[str, list[str]] = {}
        for name in names:
            partner, _colon, external_id = name.partition(":")
            if partner and external_id:
                chosen.setdefault(partner, []).append(external_id)
        for number, (partner, external_ids) in enumerate(chosen.items()):
            if number:
                group.add_row()
            row = group.rows[-1]
            row.what, row.values = f"cohort/{partner}", list(dict.fromkeys(external_ids))
        return draft

    @classmethod
    def submitted(cls, fields: Fields) -> "Draft":
        draft = cls(match=fields.get("match", Match.ALL.value))
        for key in _keys(fields.getlist("group"), MOST_GROUPS):
            rows = [
                _row(f"{key}-{row}", fields)
                for row in _keys(fields.getlist(f"{key}-row"), MOST_FILTERS)
            ]
            draft.groups.append(
                DraftGroup(
                    key,
                    name=fields.get(f"{key}-name", ""),
                    match=fields.get(f"{key}-match", Match.ALL.value),
                    is_exclusion=f"{key}-exclusion" in fields,
                    is_collapsed=f"{key}-collapsed" in fields,
                    rows=rows,
                )
            )
        return draft

    def next_key(self) -> str:
        return _next("g", [group.key for group in self.groups])

    def add_group(self, *, is_exclusion: bool = False) -> DraftGroup:
        group = DraftGroup(self.next_key(), is_exclusion=is_exclusion)
        group.match = Match.ANY.value if is_exclusion else Match.ALL.value
        group.add_row()
        self.groups.append(group)
        return group

    @property
    def included(self) -> list[DraftGroup]:
        return [group for group in self.groups if not group.is_exclusion]

    @property
    def excluded(self) -> list[DraftGroup]:
        return [group for group in self.groups if group.is_exclusion]

    @property
    def rows(self) -> list[DraftRow]:
        return [row for group in self.groups for row in group.rows]

    def to_json(self) -> dict[str, Any]:
        """The tree, still to be parsed. Blank rows and groups without a filter are left out."""
        return {
            "version": VERSION,
            "match": self.match,
            "groups": [group.to_json() for group in self.included if group.filled],
            "exclusions": [group.to_json() for group in self.excluded if group.filled],
        }

    def blame(self, error: InvalidTree) -> None:
        """Put each problem where its path leads."""
        places = dict(self._paths())
        for problem in error.problems:
            for path, row in places.items():
                if problem.startswith(f"{path}."):
                    row.problems.append(problem[len(path) + 1 :])
                    break
            else:
                self.problems.append(problem)

    def _paths(self) -> Iterator[tuple[str, DraftRow]]:
        for key, groups in (("groups", self.included), ("exclusions", self.excluded)):
            for number, group in enumerate(group for group in groups if group.filled):
                for index, row in enumerate(group.filled):
                    yield f"{ROOT}.{key}[{number}].filters[{index}]", row

    def _take(self, group: Group, *, is_exclusion: bool) -> None:
        key = self.next_key()
        draft = DraftGroup(key, group.name, group.match.value, is_exclusion)
        for index, condition in enumerate(group.filters):
            row = condition.row()
            draft.rows.append(DraftRow(f"{key}-r{index}", row.what, row.operator, list(row.values)))
        if not draft.rows:
            draft.add_row()
        self.groups.append(draft)


def _row(key: str, fields: Fields) -> DraftRow:
    what = fields.get(f"{key}-what", "")
    # What is ticked belongs to what the row was about when it was shown.
    is_same = what == fields.get(f"{key}-was", "")
    values = fields.getlist(f"{key}-values")
    if more := fields.get(f"{key}-more", ""):
        values = [*values, more]
    return DraftRow(
        key,
        what=what,
        operator=fields.get(f"{key}-operator", ""),
        # Of two values, one may be there already: then both are kept in their places.
        values=values if is_same and any(values) else [],
        search=fields.get(f"{key}-search", "") if is_same else "",
    )


def _keys(given: list[str], most: int) -> list[str]:
    return [key for key in dict.fromkeys(given) if _KEY.fullmatch(key)][:most]


def _next(letter: str, taken: list[str]) -> str:
    numbers = [int(key.rpartition(letter)[2]) for key in taken]
    return f"{letter}{max(numbers, default=-1) + 1}"
