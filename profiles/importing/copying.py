"""Rows for PostgreSQL's binary COPY, which costs a third of an INSERT of the same rows.

They leave a thousand at a time, so that PostgreSQL stores some while the next are encoded.
"""

from collections.abc import Iterable, Iterator, Sequence
from struct import Struct

from django.db import connection

from profiles.importing.batches import Numbered
from profiles.rules import Kind, State

AT_ONCE = 1_000

# Its signature with flags and extension, and its end.
_START = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_JSONB_VERSION = b"\1"

# Numbers as COPY has them: the count of fields, then each field's length and content. Where
# a text follows, its length is the last.
_WORKSPACE_KIND_AND_LABEL = Struct("!hiqihi").pack
_LENGTH = Struct("!i").pack
_PROFILE_AND_STATE = Struct("!iqih").pack
_TWO_NUMBERS_AND_TEXT = Struct("!hiqiqi").pack

_IDENTIFIERS = """
COPY profiles_identifier (workspace_id, kind, label, value, profile_id, state)
FROM STDIN (FORMAT binary)
"""
_IDENTIFIED = """
COPY profiles_profile (id, workspace_id, external_id, attributes) FROM STDIN (FORMAT binary)
"""
_ANONYMOUS = """
COPY profiles_profile (id, workspace_id, attributes) FROM STDIN (FORMAT binary)
"""
_CHANGES = "COPY user_import (profile_id, line, attributes) FROM STDIN (FORMAT binary)"


def identifiers(workspace_id: int, kind: Kind, users: Sequence[Numbered]) -> None:
    """Add a live identifier for each user. Raises `IntegrityError`."""

    def encode(some: Sequence[Numbered]) -> Iterator[bytes]:
        for profile_id, (label_text, value_text, _line, _document) in some:
            label, value = label_text.encode(), value_text.encode()
            yield _WORKSPACE_KIND_AND_LABEL(6, 8, workspace_id, 2, kind, len(label))
            yield label
            yield _LENGTH(len(value))
            yield value
            yield _PROFILE_AND_STATE(8, profile_id, 2, State.LIVE)

    _send(_IDENTIFIERS, (encode(some) for some in _cut(users)))


def identified(workspace_id: int, users: Sequence[Numbered]) -> None:
    """Add a profile for each user, whose value is its external id."""

    def encode(some: Sequence[Numbered]) -> Iterator[bytes]:
        for profile_id, (_label, text, _line, document) in some:
            value = text.encode()
            yield _TWO_NUMBERS_AND_TEXT(4, 8, profile_id, 8, workspace_id, len(value))
            yield value
            yield _LENGTH(len(document) + 1)
            yield _JSONB_VERSION
            yield document

    _send(_IDENTIFIED, (encode(some) for some in _cut(users)))


def anonymous(workspace_id: int, users: Sequence[Numbered]) -> None:
    """Add a profile without an external id for each user."""

    def encode(some: Sequence[Numbered]) -> Iterator[bytes]:
        for profile_id, (_label, _value, _line, document) in some:
            yield _TWO_NUMBERS_AND_TEXT(3, 8, profile_id, 8, workspace_id, len(document) + 1)
            yield _JSONB_VERSION
            yield document

    _send(_ANONYMOUS, (encode(some) for some in _cut(users)))


def changes(users: Sequence[Numbered]) -> None:
    """Fill the temporary table `user_import` with what the users' lines say of them."""

    def encode(some: Sequence[Numbered]) -> Iterator[bytes]:
        for profile_id, (_label, _value, line, document) in some:
            yield _TWO_NUMBERS_AND_TEXT(3, 8, profile_id, 8, line, len(document) + 1)
            yield _JSONB_VERSION
            yield document

    _send(_CHANGES, (encode(some) for some in _cut(users)))


def _cut(users: Sequence[Numbered]) -> Iterator[Sequence[Numbered]]:
    for start in range(0, len(users), AT_ONCE):
        yield users[start : start + AT_ONCE]


def _send(statement: str, chunks: Iterable[Iterable[bytes]]) -> None:
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(statement) as copy,
    ):
        copy.write(_START)
        for parts in chunks:
            copy.write(b"".join(parts))
        copy.write(_END)
