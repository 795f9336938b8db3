"""What calls to /users/alias/new, /users/alias/update and /users/identify say. Pure."""

from typing import Any

from common.errors import BadRequest
from profiles import rules
from profiles.aliases import NewAlias, Renaming
from profiles.merging import Identification
from profiles.users_api import naming
from profiles.users_api.decoding import MOST_ITEMS, TOO_MANY, array, decode_each
from profiles.users_api.naming import LONGEST_ALIAS, Problem, text

NEW = "user_aliases"
UPDATES = "alias_updates"
TO_IDENTIFY = "aliases_to_identify"
# Ways to name an anonymous user that Braze has besides, and Quayside hasn't.
NOT_BY = {"emails_to_identify": "email", "phone_numbers_to_identify": "phone"}


def decode_new(body: object) -> tuple[list[NewAlias], list[Problem]]:
    return decode_each(array(body, NEW), NEW, _new_alias)


def decode_updates(body: object) -> tuple[list[Renaming], list[Problem]]:
    return decode_each(array(body, UPDATES), UPDATES, _renaming)


def decode_identify(body: object) -> tuple[list[Identification], list[Problem]]:
    """The users to identify by alias; whoever is named by email or phone fails alone."""
    given = [
        name
        for name in (TO_IDENTIFY, *NOT_BY)
        if isinstance(body, dict) and body.get(name) is not None
    ]
    if not given:
        raise BadRequest(errors=[f"{TO_IDENTIFY} must be an array of objects"])
    arrays = {name: array(body, name) for name in given}
    if sum(map(len, arrays.values())) > MOST_ITEMS:
        raise BadRequest(TOO_MANY)
    items, problems = decode_each(arrays.pop(TO_IDENTIFY, []), TO_IDENTIFY, _identification)
    for name, entries in arrays.items():
        reason = f"{NOT_BY[name]} isn't supported: name the user by user_alias"
        problems += [Problem(name, index, reason) for index in range(len(entries))]
    return items, problems


def _new_alias(index: int, entry: dict[str, Any]) -> NewAlias:
    external_id = entry.get("external_id")
    owner = None if external_id is None else naming.external_id(external_id)
    return NewAlias(index, naming.alias(entry), owner)


def _renaming(index: int, entry: dict[str, Any]) -> Renaming:
    label = text(entry.get("alias_label"), "alias_label", LONGEST_ALIAS)
    old, new = (
        rules.alias(label, text(entry.get(name), name, LONGEST_ALIAS))
        for name in ("old_alias_name", "new_alias_name")
    )
    return Renaming(index, old, new)


def _identification(index: int, entry: dict[str, Any]) -> Identification:
    external_id = naming.external_id(entry.get("external_id"))
    return Identification(index, naming.alias(entry.get("user_alias")), external_id)
