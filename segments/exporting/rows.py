"""Users as lines of a file: JSON objects as Braze exports them, or rows of a table."""

import json
from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from common.spreadsheets import write_csv
from profiles import exporting
from profiles.exporting import User

CUSTOM = "custom_attributes"


def users_of(
    workspace_id: int,
    profile_ids: Sequence[int],
    *,
    fields: Collection[str],
    attributes: Collection[str] | None = None,
) -> list[User]:
    """Those who exist by now, in that order. `attributes` says which custom ones; None, all."""
    users = exporting.export(workspace_id, profile_ids, fields=fields)
    if attributes is not None:
        for user in users:
            held = user.pop(CUSTOM, {})
            if kept := {name: held[name] for name in attributes if name in held}:
                user[CUSTOM] = kept
    return users


def as_objects(users: Sequence[User]) -> bytes:
    return msgspec.json.Encoder().encode_lines(users)


def as_table(users: Sequence[User], fields: Sequence[str]) -> bytes:
    return write_csv([_cell(name, user.get(name)) for name in fields] for user in users)


def header(fields: Sequence[str]) -> bytes:
    return write_csv([fields])


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name == "user_aliases":
        return "; ".join(f"{one['alias_label']}:{one['alias_name']}" for one in value)
    if name == "devices":
        return "; ".join(one["device_id"] for one in value)
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
