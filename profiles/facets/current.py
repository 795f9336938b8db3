"""What users' values are now, where they are kept: the truth that pages are made of."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from django.db import connection

from profiles.buckets import random_bucket
from profiles.facets import asks
from profiles.facets.asks import Subject, attribute
from profiles.facets.values import (
    FALSE,
    TRUE,
    Entry,
    ValueKind,
    entries_of,
    number_key,
    time_key,
)
from profiles.models import IdentifierKind, IdentifierState

# Users that are read at once, each with a document of some hundred bytes.
AT_ONCE = 5_000

_ALIAS, _DEVICE = IdentifierKind.ALIAS.value, IdentifierKind.DEVICE.value

_PROFILES = """
SELECT id, {attributes}, external_id IS NOT NULL, created_at FROM profiles_profile
WHERE workspace_id = %s AND id = ANY(%s::bigint[])
"""
_SOME = "jsonb_build_object({pairs})::text"

_OTHERS = f"""
SELECT profile_id, kind, label FROM profiles_identifier
WHERE workspace_id = %s AND profile_id = ANY(%s::bigint[])
  AND kind IN ({_ALIAS}, {_DEVICE}) AND state <> {IdentifierState.RESERVED.value}
"""

Values = Mapping[Subject, Sequence[Entry]]


def values(
    workspace_id: int,
    profile_ids: Sequence[int],
    subjects: Collection[Subject] | None = None,
) -> Iterator[tuple[int, Values]]:
    """For each of those users who exist their values, or those of `subjects` only.

    A blank value isn't there. Reads some thousands at a time.
    """
    names = None if subjects is None else [each.name for each in subjects if each.is_attribute]
    of_profile = set(asks.OF_PROFILE if subjects is None else subjects)
    for start in range(0, len(profile_ids), AT_ONCE):
        part = list(profile_ids[start : start + AT_ONCE])
        others = _others(workspace_id, part, of_profile)
        for profile_id, document, is_identified, created_at in _rows(workspace_id, part, names):
            found: dict[Subject, Sequence[Entry]] = {
                attribute(name): entries_of(value) for name, value in document.items()
            }
            if asks.IDENTIFIED in of_profile:
                found[asks.IDENTIFIED] = [TRUE if is_identified else FALSE]
            if asks.CREATED_AT in of_profile:
                found[asks.CREATED_AT] = [(ValueKind.TIME, time_key(created_at))]
            if asks.RANDOM_BUCKET in of_profile:
                bucket = number_key(random_bucket(profile_id))
                found[asks.RANDOM_BUCKET] = [(ValueKind.NUMBER, bucket)]
            found.update(others.get(profile_id, {}))
            yield profile_id, found


def _rows(
    workspace_id: int, profile_ids: list[int], names: list[str] | None
) -> Iterator[tuple[int, dict[str, Any], bool, Any]]:
    columns, parameters = "attributes::text", []
    if names is not None:
        pairs = ", ".join(["%s::text, attributes -> %s"] * len(names))
        columns = _SOME.format(pairs=pairs)
        parameters = [name for name in names for _ in range(2)]
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    with connection.cursor() as cursor:
        query = _PROFILES.format(attributes=columns)
        cursor.execute(query, [*parameters, workspace_id, profile_ids])
        for profile_id, document, is_identified, created_at in cursor.fetchall():
            yield profile_id, decode(document), is_identified, created_at


def _others(
    workspace_id: int, profile_ids: list[int], subjects: Collection[Subject]
) -> dict[int, dict[Subject, list[Entry]]]:
    """Devices and labels of aliases, as far as they are asked for."""
    found: dict[int, dict[Subject, list[Entry]]] = {}
    if asks.HAS_DEVICE not in subjects and asks.ALIAS_LABELS not in subjects:
        return found
    with connection.cursor() as cursor:
        cursor.execute(_OTHERS, [workspace_id, profile_ids])
        for profile_id, kind, label in cursor:
            entries = found.setdefault(profile_id, {})
            if kind == _DEVICE:
                entries[asks.HAS_DEVICE] = [TRUE]
            else:
                entries.setdefault(asks.ALIAS_LABELS, []).append((ValueKind.ITEM, label.encode()))
    return found
