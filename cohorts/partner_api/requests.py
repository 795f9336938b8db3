"""The bodies of the two partner calls, decoded and checked. Pure.

Both keys are checked before the other fields, so decoding comes in two steps: `open_body`
takes the fields as they come, `cohort_id`, `naming` and `changes` check them.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeGuard

import msgspec

from cohorts.partner_api.changes import CHANGES_MESSAGE, Changes, InvalidChanges, parse
from common.errors import BadRequest

LONGEST = 255


class Body(msgspec.Struct):
    """A request as it came; unknown fields are ignored."""

    partner_api_key: Any = None
    client_secret: Any = None
    cohort_id: Any = None
    name: Any = None
    created_at: Any = None
    export_file_name: Any = None
    cohort_changes: msgspec.Raw = msgspec.Raw(b"")


@dataclass(frozen=True, slots=True)
class Naming:
    name: str
    created_at: datetime
    export_file_name: str | None


_decoder = msgspec.json.Decoder(Body)


def open_body(body: bytes) -> Body:
    """Raises `BadRequest` for what is not JSON, or not an object."""
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest from error


def canonical(*understood: object) -> bytes:
    """What was understood of a request: the same however its JSON was written, without keys."""
    return msgspec.json.encode(understood)


def cohort_id(body: Body) -> str:
    if not _is_text(body.cohort_id):
        raise BadRequest(
            "cohort_id must be a valid string",
            errors=[f"cohort_id takes 1 to {LONGEST} characters, none of them NUL"],
        )
    return str(body.cohort_id)


def changes(body: Body) -> Changes | None:
    """The request's changes; None for an empty array, which connectors send as a test."""
    raw = bytes(body.cohort_changes)
    if not raw:
        raise BadRequest(CHANGES_MESSAGE, errors=["cohort_changes is missing"])
    try:
        parsed = parse(raw)
    except InvalidChanges as error:
        raise BadRequest(error.message, errors=[error.particulars]) from error
    return None if raw.strip()[1:-1].strip() == b"" else parsed


def naming(body: Body) -> Naming:
    if not (_is_text(body.name) and body.name.strip()):
        raise BadRequest(
            "name must be a non-empty string",
            errors=[f"name takes up to {LONGEST} characters, none of them NUL"],
        )
    file_name = body.export_file_name
    if file_name is not None and not (file_name == "" or _is_text(file_name)):
        raise BadRequest(
            "export_file_name must be a string",
            errors=[f"export_file_name takes up to {LONGEST} characters, none of them NUL"],
        )
    return Naming(body.name, _time(body.created_at), file_name)


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= LONGEST and "\0" not in value


def _time(value: object) -> datetime:
    """ISO-8601; without an offset it is UTC."""
    try:
        if not _is_text(value):  # `fromisoformat` takes a NUL after the Z
            raise TypeError
        moment = datetime.fromisoformat(value.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadRequest("created_at must be a valid time as an ISO-8601 string") from error
