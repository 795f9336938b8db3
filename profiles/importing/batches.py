"""Users out of a file, in batches that are ready to be stored."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from imports.rejects import Reject
from profiles.rules import Kind

# What names a user: a label, which only aliases have, and a value.
Name = tuple[str, str]
Attributes = Mapping[str, Any]
# Label, value, line, and attributes as JSON. Such tuples sort in the order of locks.
User = tuple[str, str, int, bytes]
# A user and the profile id that is theirs.
Numbered = tuple[int, User]


@dataclass(slots=True)
class Batch:
    """Rows that name each user once, in the order in which identifiers are locked.

    `rows` counts what the file has, rejected rows as well. With `removes`, attributes may be
    null. `originals` are the rows behind a line as (line, row), for what only storing finds
    out; files of devices have them.
    """

    kind: Kind
    rows: int
    offset: int
    checkpoint: dict[str, Any]
    users: list[User] = field(default_factory=list)
    removes: bool = False
    rejects: list[Reject] = field(default_factory=list)
    originals: Mapping[int, list[tuple[int, Any]]] = field(default_factory=dict)
    # Of names that stand in several lines, each line by itself: a user who has other names in
    # the file as well is told by all of them in the order of lines.
    repeated: Mapping[Name, Sequence[User]] = field(default_factory=dict)


def in_order(users: Iterable[tuple[int, Name, Attributes]]) -> list[User]:
    """Those users as a batch has them; no two have the same name.

    Python compares text by code points, which is the order of its bytes in UTF-8, too.
    """
    to_json = msgspec.json.Encoder().encode
    return sorted(
        (label, value, line, to_json(attributes)) for line, (label, value), attributes in users
    )


def by_line(users: Iterable[tuple[int, Name, Attributes]]) -> dict[Name, list[User]]:
    """The lines of names that stand in more than one, as `Batch.repeated` has them."""
    found: defaultdict[Name, list[tuple[int, Name, Attributes]]] = defaultdict(list)
    for user in users:
        found[user[1]].append(user)
    return {name: in_order(lines) for name, lines in found.items() if len(lines) > 1}
