"""What a call to /users/delete says. Pure."""

from dataclasses import dataclass, field

from common.errors import BadRequest
from profiles.rules import Key
from profiles.users_api import naming
from profiles.users_api.decoding import TOO_MANY, array
from profiles.users_api.naming import ItemError, Problem

KINDS = ("external_ids", "user_aliases", "braze_ids")
# Kinds that Braze has besides, and Quayside hasn't.
UNSUPPORTED = ("email_addresses", "phone_numbers")
EXACTLY_ONE = f"give exactly one of {', '.join(KINDS)}"
TOO_MANY_IDS = "The max number of ids per request was exceeded"


@dataclass
class Doomed:
    """Whom to delete, by identifier and by profile id; `array` is where the call names them."""

    array: str
    keys: list[Key] = field(default_factory=list)
    profile_ids: list[int] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def decode(body: object) -> Doomed:
    """Raises `BadRequest` unless the body has one kind of ids, and not too many."""
    if not isinstance(body, dict):
        raise BadRequest(errors=[EXACTLY_ONE])
    given = [name for name in (*KINDS, *UNSUPPORTED) if body.get(name) is not None]
    if len(given) != 1 or given[0] in UNSUPPORTED:
        raise BadRequest(errors=[EXACTLY_ONE])
    doomed = Doomed(given[0])
    too_many = TOO_MANY_IDS if doomed.array == "braze_ids" else TOO_MANY
    for index, entry in enumerate(array(body, doomed.array, too_many=too_many)):
        try:
            _add(doomed, entry)
        except ItemError as error:
            doomed.problems.append(Problem(doomed.array, index, str(error)))
    return doomed


def _add(doomed: Doomed, entry: object) -> None:
    if doomed.array == "braze_ids":
        doomed.profile_ids.append(naming.profile_id(entry))
    elif doomed.array == "user_aliases":
        doomed.keys.append(naming.alias(entry))
    else:
        doomed.keys.append(naming.external_id(entry))
