"""Work what changed into the pages, block by block.

A fold takes a block's lines out of the log and rewrites the columns that they touch from the
users' values of that moment, in one transaction. It may do so late or twice: nothing but
the lines says what is folded.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from math import inf

from django.db import connection, transaction
from pyroaring import BitMap64

from common.bitmaps import BLOCK_BITS, BLOCK_SIZE
from common.cursors import binary_cursor
from common.garbage import little_garbage
from profiles.facets import changes, current, pages, subjects
from profiles.facets.asks import OF_PROFILE, Subject, attribute
from profiles.facets.changes import Change, touched
from profiles.facets.current import Columns
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

# Pressed columns that are in memory at once before they are worked into pages: of a block of
# users with some 40 attributes each.
MOST_BYTES = 32 * 1024 * 1024

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
SELECT %b, %b, %b, *
FROM unnest(%b::bytea[], %b::bytea[], %b::bytea[], %b::bytea[], %b::integer[], %b::integer[])
"""

# A key and the positions that have it.
Held = tuple[bytes, list[int]]


def fold_due(*, budget_seconds: float = inf) -> int:
    """Fold what has become too much or too old, for a while; how many blocks."""
    deadline = time.monotonic() + budget_seconds
    folded = 0
    for workspace_id, number in due():
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


def due() -> list[tuple[int, int]]:
    """Workspaces and their blocks with too much or too old, the fullest blocks first.

    Workspaces take turns, so that the import of one doesn't keep the others waiting.
    """
    with connection.cursor() as cursor:
        cursor.execute(_PENDING)
        rows = cursor.fetchall()
    left: Counter[int] = Counter()
    for workspace_id, _number, count, _age in rows:
        left[workspace_id] += count
    turns: Counter[int] = Counter()
    found = []
    for workspace_id, number, count, age in rows:
        if left[workspace_id] > MOST_UNFOLDED or age > OLDEST_SECONDS:
            turns[workspace_id] += 1
            found.append((turns[workspace_id], workspace_id, number))
            left[workspace_id] -= count
    return [(workspace_id, number) for _turn, workspace_id, number in sorted(found)]


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
    with little_garbage():
        _Fold(workspace_id, number, lines).run()
    return True


class _Fold:
    """The changes of one block on their way into its pages.

    Of the users' values as of the pages' the columns of one subject at a time are unpacked.
    """

    def __init__(self, workspace_id: int, number: int, lines: Sequence[Change]) -> None:
        self.workspace_id = workspace_id
        self.number = number
        self.lines = lines
        self._ids = subjects.find(workspace_id)
        self._fresh: dict[Subject, dict[ValueKind, list[bytes]]] = defaultdict(dict)
        self._touched: dict[Subject, BitMap64] = {}

    def run(self) -> None:
        start = self.number << BLOCK_BITS
        users = BitMap64.union(BitMap64(), *(line.users for line in self.lines))
        touched_subjects = self._touched_subjects()
        deadline = time.monotonic() + LONGEST_SECONDS
        done, size = BitMap64(), 0
        # Users who are gone have no values any more, so it is the lines that say who is done.
        for first in range(0, len(users), current.AT_ONCE):
            part = users[first : first + current.AT_ONCE]
            profile_ids = [start + position for position in part]
            for found in current.columns(
                self.workspace_id, profile_ids, touched_subjects, start=start
            ):
                size += self._take(found, part)
            done |= part
            if size >= MOST_BYTES:
                self._write(done)
                done, size = BitMap64(), 0
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

    def _take(self, found: dict[Subject, Columns], users: BitMap64) -> int:
        """Keep these users' values for the next write; how many bytes that takes."""
        size = 0
        for subject, columns in found.items():
            stale = self._stale(subject)
            wanted = None if users <= stale else set(users & stale)
            for kind, column in columns.items():
                if wanted is not None:
                    column = dict(_of(wanted, column.items()))
                if column:
                    pressed = pages.pressed(column)
                    self._fresh[subject].setdefault(kind, []).append(pressed)
                    size += len(pressed)
        return size

    def _write(self, users: BitMap64) -> None:
        """Write the columns that these users' values are or were in."""
        if new := self._fresh.keys() - self._ids.keys():
            self._ids |= subjects.make(self.workspace_id, new)
        for subject, subject_id in self._ids.items():
            if stale := self._stale(subject) & users:
                self._rewrite(subject_id, stale, self._fresh.pop(subject, {}))

    def _rewrite(
        self, subject_id: int, stale: BitMap64, fresh: dict[ValueKind, list[bytes]]
    ) -> None:
        """A subject's columns anew, one after another: what others have and what these have."""
        stored = self._stored(subject_id)
        if stored:
            with connection.cursor() as cursor:
                cursor.execute(_CLEAR, [subject_id, self.number])
        kept = set(BitMap64(range(BLOCK_SIZE)) - stale) if stored else set()
        for kind in sorted(stored.keys() | fresh.keys()):
            column: dict[bytes, list[int]] = {}
            for page in stored.get(kind, ()):
                column.update(_of(kept, page.column()))
            for part in fresh.get(kind, ()):
                _add(column, Page(None, part).column())
            self._insert(subject_id, kind, column)

    def _stored(self, subject_id: int) -> dict[ValueKind, list[Page]]:
        found: dict[ValueKind, list[Page]] = {}
        with binary_cursor() as cursor:
            cursor.execute(_COLUMNS, [subject_id, self.number])
            for kind, members, detail in cursor:
                found.setdefault(ValueKind(kind), []).append(Page(members, detail))
        return found

    def _insert(self, subject_id: int, kind: ValueKind, column: dict[bytes, list[int]]) -> None:
        if rows := list(pack(column, kind)):
            packed = [list(each) for each in zip(*rows, strict=True)]
            with connection.cursor() as cursor:
                cursor.execute(_WRITE, [subject_id, kind.value, self.number, *packed])


def _of(wanted: set[int], column: Iterable[Held]) -> Iterator[Held]:
    """What is left of a column with no other positions than those."""
    for key, positions in column:
        if kept := [*filter(wanted.__contains__, positions)]:
            yield key, kept


def _add(column: dict[bytes, list[int]], more: Iterable[Held]) -> None:
    for key, positions in more:
        held = column.get(key)
        if held is None:
            column[key] = positions
        else:
            held += positions
