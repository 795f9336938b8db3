"""Whose values changed: a log that writers append to and a task folds into the pages.

A line names users and attributes, not values: until it is folded, whoever reads the pages
looks those users' values up where they are kept. So lines may come in any order and say too
much, but a change and its line commit together. Every writer of attributes, identifiers
or profiles calls `note` in its transaction; imports do so once a batch.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db import connection
from pyroaring import BitMap64

from common import bitmaps
from common.cursors import binary_cursor
from profiles.facets.asks import Subject

# Profile ids, and the attributes of theirs that change.
Touch = tuple[Iterable[int], Collection[str] | None]

# What stands in the place of attributes: everything, or only what isn't an attribute.
EVERYTHING = None
NO_ATTRIBUTES: tuple[str, ...] = ()

_NOTE = """
INSERT INTO profiles_facetchange (workspace_id, number, users, count, names)
SELECT %b, number, users, count,
       CASE WHEN names IS NOT NULL
            THEN ARRAY(SELECT jsonb_array_elements_text(names)) END
FROM unnest(%b::bigint[], %b::bytea[], %b::integer[], %b::jsonb[])
    AS new (number, users, count, names)
"""

_READ = """
SELECT number, users, names FROM profiles_facetchange
WHERE workspace_id = %b AND number = ANY(%b::bigint[])
"""


@dataclass(frozen=True, slots=True)
class Change:
    """Positions of users whose values of those attributes changed; None stands for everything."""

    users: BitMap64
    names: frozenset[str] | None

    def touches(self, subject: Subject) -> bool:
        if self.names is None:
            return True
        return subject.name in self.names if subject.is_attribute else not self.names


def note(workspace_id: int, *touches: Touch) -> None:
    """Those users' values change in this transaction. One statement, or none."""
    lines = [
        (number, positions.serialize(), len(positions), names)
        for profile_ids, attributes in touches
        for names in [None if attributes is None else json.dumps(sorted(attributes))]
        for number, positions in bitmaps.split(BitMap64(profile_ids)).items()
    ]
    if lines:
        columns = [list(column) for column in zip(*lines, strict=True)]
        with connection.cursor() as cursor:
            cursor.execute(_NOTE, [workspace_id, *columns])


def read(workspace_id: int, numbers: Sequence[int]) -> dict[int, list[Change]]:
    """What isn't folded yet, by block, for blocks where there is something."""
    found: dict[int, list[Change]] = {}
    with binary_cursor() as cursor:
        cursor.execute(_READ, [workspace_id, list(numbers)])
        for number, users, names in cursor:
            found.setdefault(number, []).append(change(users, names))
    return found


def change(users: bytes | memoryview, names: Sequence[str] | None) -> Change:
    """A line from its columns."""
    attributes = None if names is None else frozenset(names)
    return Change(BitMap64.deserialize(bytes(users)), attributes)


def touched(changes: Iterable[Change], subject: Subject) -> BitMap64:
    """Positions whose values of the subject may be others than the pages say."""
    return BitMap64.union(BitMap64(), *(one.users for one in changes if one.touches(subject)))
