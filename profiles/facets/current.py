"""What users' values are now, where they are kept: the truth that pages are made of.

They come by column, not user by user: what many users share is decoded and keyed once.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from pyroaring import BitMap64

from common.cursors import binary_cursor
from profiles.buckets import random_bucket
from profiles.facets import asks
from profiles.facets.asks import Ask, Subject, attribute
from profiles.facets.values import (
    TRUE,
    ValueKind,
    bool_key,
    entries_of,
    moment_key,
    number_key,
)
from profiles.models import IdentifierKind, IdentifierState

# Users that are read at once, each with a document of some hundred bytes.
AT_ONCE = 5_000
# Attributes that PostgreSQL picks out of a document; for more of them it is read whole.
MOST_PICKED = 30

_ALIAS, _DEVICE = IdentifierKind.ALIAS.value, IdentifierKind.DEVICE.value

_DOCUMENTS = """
SELECT id - %b, {columns} FROM profiles_profile
WHERE workspace_id = %b AND id = ANY(%b::bigint[])
"""
_PROFILES = """
SELECT id, external_id IS NOT NULL, (extract(epoch FROM created_at) * 1000000)::bigint
FROM profiles_profile WHERE workspace_id = %b AND id = ANY(%b::bigint[])
"""
_IDENTIFIERS = f"""
SELECT DISTINCT profile_id, kind, label FROM profiles_identifier
WHERE workspace_id = %b AND profile_id = ANY(%b::bigint[])
  AND kind IN ({_ALIAS}, {_DEVICE}) AND state <> {IdentifierState.RESERVED.value}
"""

# Users by key, of every kind that a subject has.
Columns = dict[ValueKind, dict[bytes, list[int]]]
# Users by a value as it is kept.
_Groups = dict[Any, list[int]]

_decode = msgspec.json.Decoder().decode
_texts_of = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def columns(
    workspace_id: int,
    profile_ids: Sequence[int],
    subjects: Collection[Subject] | None = None,
    *,
    start: int = 0,
) -> Iterator[dict[Subject, Columns]]:
    """What those of the users who exist have, of everything or of `subjects` only.

    Users are counted from `start` and come some thousands at a time, in no order. A blank
    value isn't there.
    """
    for first in range(0, len(profile_ids), AT_ONCE):
        part = _Part(workspace_id, profile_ids[first : first + AT_ONCE], start)
        yield part.attributes(subjects) | part.profiles(subjects) | part.identifiers(subjects)


def passing(ask: Ask, found: Mapping[Subject, Columns]) -> BitMap64:
    """The users in the columns whose value passes."""
    column = found.get(ask.subject, {}).get(ask.kind, {})
    return BitMap64([user for key in column if ask.test.passes(key) for user in column[key]])


class _Part:
    """A few users, with a statement for each place where values are kept, if it is asked for."""

    def __init__(self, workspace_id: int, profile_ids: Sequence[int], start: int) -> None:
        self._whose = workspace_id, list(profile_ids)
        self._start = start

    def attributes(self, subjects: Collection[Subject] | None) -> dict[Subject, Columns]:
        names = None if subjects is None else [one.name for one in subjects if one.is_attribute]
        if names is None or len(names) > MOST_PICKED:
            texts = self._all_texts()
        else:
            texts = self._picked_texts(names) if names else {}
        keyed = {name: _keyed(texts[name]) for name in texts if names is None or name in names}
        return {attribute(name): each for name, each in keyed.items() if each}

    def _all_texts(self) -> dict[str, _Groups]:
        """Users by each attribute's value in JSON: to take it apart comes later, and once."""
        texts: dict[str, _Groups] = defaultdict(lambda: defaultdict(list))
        for user, document in self._documents("attributes::text"):
            for name, text in _texts_of(document).items():
                texts[name][bytes(text)].append(user)
        return texts

    def _picked_texts(self, names: Sequence[str]) -> dict[str, _Groups]:
        picks = ", ".join(["(attributes -> %b)::text"] * len(names))
        rows = self._documents(picks, *names)
        users, *values = zip(*rows, strict=True) if rows else [()] * (1 + len(names))
        return {name: _grouped(users, each) for name, each in zip(names, values, strict=True)}

    def _documents(self, picks: str, *names: str) -> list[Any]:
        with binary_cursor() as cursor:
            query = _DOCUMENTS.format(columns=picks)
            cursor.execute(query, [self._start, *names, *self._whose])
            rows: list[Any] = cursor.fetchall()
        return rows

    def profiles(self, subjects: Collection[Subject] | None) -> dict[Subject, Columns]:
        asked = {asks.IDENTIFIED, asks.CREATED_AT, asks.RANDOM_BUCKET}
        if subjects is not None and not (asked := asked & set(subjects)):
            return {}
        with binary_cursor() as cursor:
            cursor.execute(_PROFILES, self._whose)
            rows = cursor.fetchall()
        ids, are_identified, moments = zip(*rows, strict=True) if rows else [()] * 3
        users = [profile_id - self._start for profile_id in ids]
        found: dict[Subject, Columns] = {}
        if asks.IDENTIFIED in asked:
            flags = {bool_key(one): held for one, held in _grouped(users, are_identified).items()}
            found[asks.IDENTIFIED] = {ValueKind.BOOLEAN: flags}
        if asks.CREATED_AT in asked:
            times = {moment_key(one): held for one, held in _grouped(users, moments).items()}
            found[asks.CREATED_AT] = {ValueKind.TIME: times}
        if asks.RANDOM_BUCKET in asked:
            buckets = _grouped(users, map(random_bucket, ids))
            numbers = {number_key(one): held for one, held in buckets.items()}
            found[asks.RANDOM_BUCKET] = {ValueKind.NUMBER: numbers}
        return found

    def identifiers(self, subjects: Collection[Subject] | None) -> dict[Subject, Columns]:
        """Whoever has a device, and the labels of aliases."""
        asked = {asks.HAS_DEVICE, asks.ALIAS_LABELS}
        if subjects is not None and not (asked := asked & set(subjects)):
            return {}
        with binary_cursor() as cursor:
            cursor.execute(_IDENTIFIERS, self._whose)
            rows = cursor.fetchall()
        devices = {profile_id - self._start for profile_id, kind, _label in rows if kind == _DEVICE}
        labels: dict[bytes, list[int]] = defaultdict(list)
        for profile_id, kind, label in rows:
            if kind == _ALIAS:
                labels[label.encode()].append(profile_id - self._start)
        found: dict[Subject, Columns] = {}
        if devices and asks.HAS_DEVICE in asked:
            found[asks.HAS_DEVICE] = {ValueKind.BOOLEAN: {TRUE[1]: sorted(devices)}}
        if labels and asks.ALIAS_LABELS in asked:
            found[asks.ALIAS_LABELS] = {ValueKind.ITEM: labels}
        return found


def _grouped(users: Iterable[int], values: Iterable[Any]) -> _Groups:
    """Users by their value; whoever has none is left out."""
    groups: _Groups = defaultdict(list)
    for user, value in zip(users, values, strict=True):
        groups[value].append(user)
    groups.pop(None, None)
    return groups


def _keyed(texts: _Groups) -> Columns:
    """What users whose values have these JSON texts are found by."""
    found: Columns = defaultdict(dict)
    for text, users in texts.items():
        for kind, key in entries_of(_decode(text)):
            column = found[kind]
            # Texts of one key are few (5 and 5.0), but of PRESENT there are all.
            if key not in column:
                column[key] = users if kind is not ValueKind.PRESENT else users.copy()
            elif kind is ValueKind.PRESENT:
                column[key] += users
            else:
                column[key] = column[key] + users
    return found
