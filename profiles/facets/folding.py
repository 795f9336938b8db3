"""Work what changed into the pages, block by block.

A fold takes a block's lines out of the log and rewrites the columns that they touch from the
users' values of that moment, in one transaction. It may do so late or twice: nothing but
the lines says what is folded.
"""

import time
from collections import defaultdict
from collections.abc import Sequence
from math import inf

from django.db import connection, transaction
from pyroaring import BitMap64

from common.bitmaps import BLOCK_BITS, BLOCK_SIZE
from common.cursors import binary_cursor
from profiles.facets import changes, current, subjects
from profiles.facets.asks import OF_PROFILE, Subject, attribute
from profiles.facets.changes import Change, touched
from profiles.facets.pages import Page, pack
from profiles.facets.values import ValueKind
from profiles.locks import try_facet_lock

# Rewriting a column costs much the same for one user as for a thousand, and reading a user
# who isn't folded some microseconds. So a workspace's changes may be this many, or this old,
# before they are folded.
MOST_UNFOLDED = 2_000
OLDEST_SECONDS = 20

# Seconds after which a fold reads no further users and leaves them in the log; writing takes
# about as long again. A task has 50.
LONGEST_SECONDS = 10

# Different values that are in memory at once before they are worked into pages, at some
# 200 bytes each: a block of users with two attributes that no two of them share.
MOST_VALUES = 150_000

_PENDING = """
SELECT workspace_id, number, sum(count), max(extract(epoch FROM now() - noted_at))::float8
FROM profiles_facetchange GROUP BY workspace_id, number ORDER BY workspace_id, sum(count) DESC
"""

_TAKE = """
DELETE FROM profiles_facetchange WHERE workspace_id = %b AND number = %b RETURNING users, names
"""

_COLUMNS = """
SELECT kind, members, detail FROM profiles_facetpage
WHERE subject_id = %b AND number = %b AND keys > 0
"""

_CLEAR = "DELETE FROM profiles_facetpage WHERE subject_id = %s AND number = %s"

_WRITE = """
INSERT INTO profiles_facetpage
    (subject_id, kind, number, low, below, members, detail, keys, positions)
SELECT %b, kind, %b, low, below, members, detail, keys, positions
FROM unnest(%b::smallint[], %b::bytea[], %b::bytea[], %b::bytea[], %b::bytea[],
            %b::integer[], %b::integer[])
    AS new (kind, low, below, members, detail, keys, positions)
"""

# Positions by key, of every kind that a subject has.
Columns = dict[ValueKind, dict[bytes, list[int]]]


def fold_due(*, budget_seconds: float = inf) -> int:
    """Fold what has become too much or too old, the fullest blocks first; how many blocks."""
    deadline = time.monotonic() + budget_seconds
    folded = 0
    for workspace_id, number in _due():
        if time.monotonic() >= deadline:
            break
        folded += fold(workspace_id, number)
    return folded


def fold_all(workspace_id: int) -> int:
    """Fold whatever there is of the workspace; in how many folds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT number FROM profiles_facetchange WHERE workspace_id = %s",
            [workspace_id],
        )
        numbers = sorted(number for (number,) in cursor)
    folds = 0
    for number in numbers:
        while fold(workspace_id, number):
            folds += 1
    return folds


def _due() -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(_PENDING)
        rows = cursor.fetchall()
    left: dict[int, int] = {}
    for workspace_id, _number, count, _age in rows:
        left[workspace_id] = left.get(workspace_id, 0) + count
    due = []
    for workspace_id, number, count, age in rows:
        if left[workspace_id] > MOST_UNFOLDED or age > OLDEST_SECONDS:
            due.append((workspace_id, number))
            left[workspace_id] -= count
    return due


@transaction.atomic
def fold(workspace_id: int, number: int) -> bool:
    """Fold the block's changes, or as many as there is time for.

    False when somebody else is at it, or there are none.
    """
    if not try_facet_lock():
        return False
    with binary_cursor() as cursor:
        cursor.execute(_TAKE, [workspace_id, number])
        lines = [changes.change(users, names) for users, names in cursor]
    if not lines:
        return False
    _Fold(workspace_id, number, lines).run()
    return True


class _Fold:
    """The changes of one block on their way into its pages."""

    def __init__(self, workspace_id: int, number: int, lines: Sequence[Change]) -> None:
        self.workspace_id = workspace_id
        self.number = number
        self.lines = lines
        self._ids = subjects.find(workspace_id)
        self._fresh: dict[Subject, Columns] = defaultdict(lambda: defaultdict(dict))
        self._takes_all = all(line.names is None for line in lines)
        self._touched: dict[Subject, BitMap64] = {}

    def run(self) -> None:
        start = self.number << BLOCK_BITS
        users = BitMap64.union(BitMap64(), *(line.users for line in self.lines))
        touched_subjects = self._touched_subjects()
        deadline = time.monotonic() + LONGEST_SECONDS
        done, count = BitMap64(), 0
        # Users who are gone have no values any more, so it is the lines that say who is done.
        for first in range(0, len(users), current.AT_ONCE):
            part = users[first : first + current.AT_ONCE]
            profile_ids = [start + position for position in part]
            for profile_id, values in current.values(
                self.workspace_id, profile_ids, touched_subjects
            ):
                count += self._take(profile_id - start, values)
            done |= part
            if count >= MOST_VALUES:
                self._write(done)
                done, count = BitMap64(), 0
            if time.monotonic() >= deadline:
                self._put_back(users[first + current.AT_ONCE :])
                break
        self._write(done)

    def _put_back(self, users: BitMap64) -> None:
        """Leave these to the next fold."""
        start = self.number << BLOCK_BITS
        rest = [((line.users & users).shift(start), line.names) for line in self.lines]
        changes.note(self.workspace_id, *rest)

    def _touched_subjects(self) -> list[Subject] | None:
        """What the lines touch; None for everything."""
        if any(line.names is None for line in self.lines):
            return None
        names = {name for line in self.lines for name in line.names or ()}
        others = OF_PROFILE if any(not line.names for line in self.lines) else ()
        return [*map(attribute, sorted(names)), *others]

    def _stale(self, subject: Subject) -> BitMap64:
        if subject not in self._touched:
            self._touched[subject] = touched(self.lines, subject)
        return self._touched[subject]

    def _take(self, position: int, values: current.Values) -> int:
        """Keep a user's values for the next write; how many of them are new there."""
        count = 0
        for subject, entries in values.items():
            if not (self._takes_all or position in self._stale(subject)):
                continue
            columns = self._fresh[subject]
            for kind, key in entries:
                column = columns[kind]
                positions = column.get(key)
                if positions is None:
                    column[key] = [position]
                    count += 1
                else:
                    positions.append(position)
        return count

    def _write(self, users: BitMap64) -> None:
        """Write the columns that these users' values are or were in."""
        if new := self._fresh.keys() - self._ids.keys():
            self._ids |= subjects.make(self.workspace_id, new)
        for subject, subject_id in self._ids.items():
            stale = self._stale(subject) & users
            if not stale:
                continue
            columns, is_stored = self._stored(subject_id, stale)
            for kind, column in self._fresh.get(subject, {}).items():
                kept = columns.setdefault(kind, {})
                for key, positions in column.items():
                    kept.setdefault(key, []).extend(positions)
            if columns or is_stored:
                self._replace(subject_id, columns)
        self._fresh.clear()

    def _stored(self, subject_id: int, stale: BitMap64) -> tuple[Columns, bool]:
        """What the pages hold of everybody else, and whether they hold anything."""
        is_stale = bytearray(BLOCK_SIZE)
        for position in stale:
            is_stale[position] = 1
        columns: Columns = {}
        with binary_cursor() as cursor:
            cursor.execute(_COLUMNS, [subject_id, self.number])
            rows = cursor.fetchall()
        for kind, members, detail in rows:
            column = columns.setdefault(ValueKind(kind), {})
            for key, positions in Page(members, detail).column():
                if kept := [position for position in positions if not is_stale[position]]:
                    column[key] = kept
        return columns, bool(rows)

    def _replace(self, subject_id: int, columns: Columns) -> None:
        rows = [
            (kind.value, *row) for kind, column in columns.items() for row in pack(column, kind)
        ]
        with connection.cursor() as cursor:
            cursor.execute(_CLEAR, [subject_id, self.number])
            if rows:
                packed = [list(column) for column in zip(*rows, strict=True)]
                cursor.execute(_WRITE, [subject_id, self.number, *packed])
