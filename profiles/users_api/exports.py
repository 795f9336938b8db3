"""What a call to /users/export/ids says. Pure.

Ids that can be nobody's are as unknown as others: they are reported, and refuse nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from common.errors import BadRequest
from profiles.lookups import Email, Name, Phone
from profiles.rules import device
from profiles.users_api import naming
from profiles.users_api.decoding import MOST_ITEMS, TOO_MANY
from profiles.users_api.naming import LONGEST_ID, ItemError, text

MANY = ("external_ids", "user_aliases")
# Of these a call gives one each.
SINGLE: dict[str, Callable[[object], Name]] = {
    "braze_id": naming.profile_id,
    "device_id": lambda value: device(text(value, "device_id", LONGEST_ID)),
    "email_address": lambda value: Email(text(value, "email_address", LONGEST_ID)),
    "phone": lambda value: _phone(text(value, "phone", LONGEST_ID)),
}
NO_IDS = f"give at least one of {', '.join((*MANY, *SINGLE))}"


@dataclass(frozen=True, slots=True)
class Named:
    """One id of a call: as an answer says it, and whom it names; None when it can be nobody."""

    text: str
    name: Name | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom to export, in the order of the call, and which fields of them; None for all."""

    ids: list[Named]
    fields: frozenset[str] | None


def decode(body: object) -> Wanted:
    """Raises `BadRequest` for a body without ids, with too many, and for other than texts."""
    if not isinstance(body, dict) or all(body.get(kind) is None for kind in (*MANY, *SINGLE)):
        raise BadRequest(errors=[NO_IDS])
    external_ids = _texts(body, "external_ids") or []
    aliases = _aliases(body)
    if len(external_ids) + len(aliases) > MOST_ITEMS:
        raise BadRequest(TOO_MANY, errors=[f"received {len(external_ids) + len(aliases)}"])
    ids = [_named(external_id, naming.external_id, external_id) for external_id in external_ids]
    for alias in aliases:
        ids.append(_named(f"{alias['alias_label']}:{alias['alias_name']}", naming.alias, alias))
    for kind, read in SINGLE.items():
        value = body.get(kind)
        if value is not None:
            if not isinstance(value, str):
                raise BadRequest(errors=[f"{kind} must be a string"])
            ids.append(_named(value, read, value))
    fields = _texts(body, "fields_to_export")
    return Wanted(ids, None if fields is None else frozenset(fields))


def _phone(number: str) -> Phone:
    if not any(sign in "123456789" for sign in number):
        raise ItemError("phone names nobody")
    return Phone(number)


def _named(answer: str, read: Callable[[object], Name], value: object) -> Named:
    try:
        return Named(answer, read(value))
    except ItemError:
        return Named(answer, None)


def _texts(body: dict[str, Any], name: str) -> list[str] | None:
    values = body.get(name)
    if values is None:
        return None
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise BadRequest(errors=[f"{name} must be an array of strings"])
    return values


def _aliases(body: dict[str, Any]) -> list[dict[str, Any]]:
    values = body.get("user_aliases")
    if values is None:
        return []
    if not isinstance(values, list) or not all(_is_alias(value) for value in values):
        raise BadRequest(
            errors=["user_aliases must be an array of objects with alias_name and alias_label"]
        )
    return values


def _is_alias(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(value.get(part), str) for part in ("alias_label", "alias_name")
    )
