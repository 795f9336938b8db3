"""The buttons of the segment form: each changes a draft and says where to go on. Pure."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from segments.builder.draft import Draft, DraftGroup, DraftRow, Fields
from segments.tree import Match

Edit = Callable[[Draft, str], None]
Part = TypeVar("Part", DraftGroup, DraftRow)


def carry_out(draft: Draft, fields: Fields) -> None:
    """Do what the pressed button says, if one was pressed; its value is a key of the draft.

    What a button names and the draft doesn't have is passed over. There is always a group
    that says whom to reach.
    """
    for button, edit in BUTTONS.items():
        if button in fields:
            edit(draft, fields.get(button, ""))
    if not draft.included:
        draft.add_group()


def add_filter(draft: Draft, key: str) -> None:
    for group in draft.groups:
        if group.key == key:
            group.is_collapsed = False
            draft.focus = f"{group.add_row().key}-what"


def add_group(draft: Draft, key: str) -> None:
    draft.focus = f"{draft.add_group().rows[0].key}-what"


def add_exclusion(draft: Draft, key: str) -> None:
    draft.focus = f"{draft.add_group(is_exclusion=True).rows[0].key}-what"


def remove(draft: Draft, key: str) -> None:
    """Take away the group or the filter of that key."""
    for group in draft.groups:
        if any(row.key == key for row in group.rows):
            draft.focus = f"{group.key}-add"
            group.rows = [row for row in group.rows if row.key != key]
    if any(group.key == key for group in draft.groups):
        draft.focus = "add-group"
        draft.groups = [group for group in draft.groups if group.key != key]


def duplicate(draft: Draft, key: str) -> None:
    """Put a copy right behind the group or the filter of that key."""
    for group in draft.groups:
        for index, row in enumerate(group.rows):
            if row.key == key:
                copy = replace(row, key=group.next_key(), values=list(row.values))
                group.rows.insert(index + 1, copy)
                draft.focus = f"{copy.key}-what"
                return
    for index, group in enumerate(draft.groups):
        if group.key == key:
            draft.groups.insert(index + 1, _copy(group, draft.next_key()))
            draft.focus = f"{draft.groups[index + 1].key}-name"
            return


def move_up(draft: Draft, key: str) -> None:
    _move(draft, key, -1)


def move_down(draft: Draft, key: str) -> None:
    _move(draft, key, 1)


def join_by_and(draft: Draft, key: str) -> None:
    """In the group of that key; without one, between the groups."""
    draft.focus = f"{key}-add" if key else "add-group"
    if not key:
        draft.match = Match.ALL.value
    for group in draft.groups:
        if group.key == key:
            group.match = Match.ALL.value


BUTTONS: dict[str, Edit] = {
    "_add_group": add_group,
    "_add_exclusion": add_exclusion,
    "_add_filter": add_filter,
    "_remove": remove,
    "_duplicate": duplicate,
    "_move_up": move_up,
    "_move_down": move_down,
    "_join_by_and": join_by_and,
}


def _copy(group: DraftGroup, key: str) -> DraftGroup:
    rows = [
        DraftRow(f"{key}-r{number}", row.what, row.operator, list(row.values))
        for number, row in enumerate(group.rows)
    ]
    return replace(group, key=key, rows=rows)


def _move(draft: Draft, key: str, by: int) -> None:
    """One place up or down: a filter within its group, a group among those of its sort."""
    draft.groups = [
        *_moved(draft.included, key, by),
        *_moved(draft.excluded, key, by),
    ]
    for group in draft.groups:
        group.rows = _moved(group.rows, key, by)
    draft.focus = f"{key}-menu"


def _moved(siblings: list[Part], key: str, by: int) -> list[Part]:
    keys = [one.key for one in siblings]
    if key in keys and 0 <= keys.index(key) + by < len(keys):
        place, other = keys.index(key), keys.index(key) + by
        siblings = list(siblings)
        siblings[place], siblings[other] = siblings[other], siblings[place]
    return siblings
