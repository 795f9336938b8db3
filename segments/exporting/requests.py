"""What the calls about exports carry, checked before anything is looked up."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from common import queries
from common.errors import BadRequest, NotFound
from profiles.exporting import FIELDS
from segments.exporting.membership import Format
from segments.exporting.packing import Packing
from segments.exporting.rows import CUSTOM

MOST_ATTRIBUTES = 500
LARGEST_ID = 2**63 - 1

FORMATS: tuple[Format, ...] = ("ndjson", "csv")
PACKINGS: tuple[Packing, ...] = ("zip", "gzip", "none")


@dataclass(frozen=True, slots=True)
class Wanted:
    """`attributes` are the custom ones that are named one by one; None for all, or for none."""

    segment: UUID
    fields: tuple[str, ...]
    attributes: tuple[str, ...] | None
    format: Format
    packing: Packing


def decode(body: object) -> Wanted:
    """Raises `BadRequest`, and `NotFound` for an id that can be no segment's."""
    if not isinstance(body, dict):
        raise BadRequest
    named = body.get("segment_id")
    segment = queries.key({"segment_id": named if isinstance(named, str) else ""}, "segment_id")
    if body.get("callback_endpoint") is not None:
        raise BadRequest(
            "callback_endpoint can't be called: ask /users/export/segment/status instead"
        )
    asked = _texts(body, "fields_to_export")
    attributes = _texts(body, "custom_attributes_to_export") or []
    if len(attributes) > MOST_ATTRIBUTES:
        raise BadRequest(f"custom_attributes_to_export must name at most {MOST_ATTRIBUTES}")
    wanted = set(asked or ()) | ({CUSTOM} if attributes else set())
    fields = tuple(name for name in FIELDS if name in wanted)
    if not fields:
        raise BadRequest(
            "fields_to_export must be an array with at least one known field",
            errors=[f"there are {', '.join(FIELDS)}"],
        )
    chosen = None if CUSTOM in (asked or ()) or not attributes else tuple(attributes)
    return Wanted(
        segment,
        fields,
        chosen,
        _choice(body, "file_format", FORMATS),
        _choice(body, "output_format", PACKINGS),
    )


def export_id(query: Mapping[str, Any]) -> int:
    """Raises `BadRequest` where none is named, and `NotFound` for what can't be one."""
    text = query.get("export_id")
    if not isinstance(text, str) or not text:
        raise BadRequest("export_id must be a valid string")
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= LARGEST_ID):
        raise NotFound
    return int(text)


def packing(query: Mapping[str, Any]) -> Packing:
    found: Packing = _choice(query, "output_format", PACKINGS)
    return found


def _choice(values: Mapping[str, Any], name: str, choices: tuple[Any, ...]) -> Any:
    """The first of them, where nothing is said."""
    value = values.get(name, choices[0])
    if value not in choices:
        raise BadRequest(f"{name} must be {' or '.join(choices)}")
    return value


def _texts(body: Mapping[str, Any], name: str) -> list[str] | None:
    values = body.get(name)
    if values is None:
        return None
    if not isinstance(values, list) or not all(
        isinstance(value, str) and "\0" not in value for value in values
    ):
        raise BadRequest(f"{name} must be an array of strings")
    return values
