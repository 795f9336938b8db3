"""Who passes a test, block by block: the pages' answer, put right for what isn't folded yet.

Pages, unfolded changes and profiles must be of one moment: callers read in one snapshot.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pyroaring import BitMap64

from common.bitmaps import BLOCK_BITS
from common.cursors import binary_cursor
from common.garbage import little_garbage
from profiles.facets import changes, current, subjects
from profiles.facets.asks import AnyOf, Ask, Containing, Span
from profiles.facets.changes import Change, touched
from profiles.facets.pages import END, SPANNED, Page, low_of, passing

# Pages that one statement fetches at most, of about 20 KiB each.
PAGES = 1_000
# Blocks whose pages of one kind are scanned at once; a column of long texts has some MB.
SCANNED = 4

# Whoever has a key is in the last page that doesn't begin behind it. Each page comes once,
# with the places of all the points in it.
_POINTS = """
SELECT hit.places, hit.number, CASE WHEN hit.spans THEN page.below END, page.members, page.detail
FROM (
    SELECT array_agg(point.place) AS places, bool_or(point.spans) AS spans,
           point.subject_id, point.kind, block.number, last.low
    FROM unnest(%b::integer[], %b::bigint[], %b::smallint[], %b::bytea[], %b::boolean[])
        AS point (place, subject_id, kind, low, spans)
    CROSS JOIN unnest(%b::bigint[]) AS block (number)
    CROSS JOIN LATERAL (
        SELECT low FROM profiles_facetpage
        WHERE subject_id = point.subject_id AND kind = point.kind AND number = block.number
          AND low <= point.low
        ORDER BY low DESC LIMIT 1
    ) AS last
    GROUP BY point.subject_id, point.kind, block.number, last.low
) AS hit
JOIN profiles_facetpage AS page
  ON page.subject_id = hit.subject_id AND page.kind = hit.kind AND page.number = hit.number
 AND page.low = hit.low
"""

_SCAN = """
SELECT page.number, page.members, page.detail
FROM unnest(%b::bigint[]) AS block (number)
JOIN profiles_facetpage AS page
  ON page.subject_id = %b AND page.kind = %b AND page.number = block.number
WHERE (%b::bytea IS NULL OR page.low < %b::bytea)
  AND page.low >= coalesce((
      SELECT max(first.low) FROM profiles_facetpage AS first
      WHERE first.subject_id = page.subject_id AND first.kind = page.kind
        AND first.number = block.number AND first.low <= %b::bytea), '')
"""

# Positions by what is asked, of one block.
Answers = dict[Ask, BitMap64]


@dataclass(frozen=True, slots=True)
class _Point:
    """A key that somebody asks for: who has it, or, with `spans`, who has one before it."""

    ask: Ask
    subject_id: int
    key: bytes
    spans: bool


class Reader:
    """Answers the same questions for one range of blocks after another."""

    def __init__(self, workspace_id: int, asked: Iterable[Ask]) -> None:
        self._workspace_id = workspace_id
        self._asked = list(dict.fromkeys(asked))
        self._subjects = {ask.subject for ask in self._asked}
        self._ids = subjects.find(workspace_id, self._subjects) if self._asked else {}

    def read(self, numbers: Sequence[int]) -> dict[int, Answers]:
        """The answers of each of those blocks. An ask without one holds for nobody there.

        Users who don't exist any more may be among them.
        """
        found: dict[int, Answers] = defaultdict(dict)
        if not self._asked:
            return found
        points = [point for ask in self._stored() for point in self._points(ask)]
        for start in range(0, len(points), PAGES):
            few = points[start : start + PAGES]
            for part in _parts(numbers, PAGES // len(few)):
                _add_points(few, part, found)
        for ask in self._stored():
            if _is_scanned(ask):
                for part in _parts(numbers, SCANNED):
                    self._scan(ask, part, found)
        with little_garbage():
            for number, lines in changes.read(self._workspace_id, numbers).items():
                self._put_right(number, lines, found[number])
        return found

    def _stored(self) -> Iterator[Ask]:
        """What is asked of subjects that somebody has a value of."""
        return (ask for ask in self._asked if ask.subject in self._ids)

    def _points(self, ask: Ask) -> Iterator[_Point]:
        subject_id, test = self._ids[ask.subject], ask.test
        if isinstance(test, AnyOf):
            for key in test.keys:
                yield _Point(ask, subject_id, key, spans=False)
        elif isinstance(test, Span) and not _is_scanned(ask):
            if test.low is not None:
                yield _Point(ask, subject_id, test.low, spans=True)
            yield _Point(ask, subject_id, END if test.high is None else test.high, spans=True)

    def _scan(self, ask: Ask, numbers: Sequence[int], found: dict[int, Answers]) -> None:
        low = high = None
        if isinstance(ask.test, Span):
            low = None if ask.test.low is None else low_of(ask.test.low)
            high = ask.test.high
        with binary_cursor() as cursor:
            subject_id = self._ids[ask.subject]
            parameters: list[Any] = [list(numbers), subject_id, ask.kind.value, high, high, low]
            cursor.execute(_SCAN, parameters)
            for number, members, detail in cursor:
                held = found[number].setdefault(ask, BitMap64())
                for positions in passing(Page(members, detail), ask.test):
                    held |= positions

    def _put_right(self, number: int, lines: Sequence[Change], answers: Answers) -> None:
        """Ask the users themselves whose values aren't folded yet."""
        stale = {subject: touched(lines, subject) for subject in self._subjects}
        for ask in self._asked:
            answers[ask] = answers.get(ask, BitMap64()) - stale[ask.subject]
        start = number << BLOCK_BITS
        changed = BitMap64.union(BitMap64(), *stale.values())
        profile_ids = [start + position for position in changed]
        for columns in current.columns(
            self._workspace_id, profile_ids, self._subjects, start=start
        ):
            for ask in self._asked:
                answers[ask] |= current.passing(ask, columns) & stale[ask.subject]


def _is_scanned(ask: Ask) -> bool:
    is_span = isinstance(ask.test, Span)
    return isinstance(ask.test, Containing) or (is_span and ask.kind not in SPANNED)


def _add_points(
    points: Sequence[_Point], numbers: Sequence[int], found: dict[int, Answers]
) -> None:
    columns: list[Any] = [
        list(range(len(points))),
        [point.subject_id for point in points],
        [point.ask.kind.value for point in points],
        [low_of(point.key) for point in points],
        [point.spans for point in points],
    ]
    with binary_cursor() as cursor:
        cursor.execute(_POINTS, [*columns, list(numbers)])
        for places, number, below, members, detail in cursor:
            page = Page(members, detail)
            for place in places:
                point = points[place]
                held = found[number].setdefault(point.ask, BitMap64())
                if point.spans:
                    # What is before one end and not before the other, whichever comes first.
                    held ^= BitMap64.deserialize(bytes(below)) | page.under(point.key)
                else:
                    held |= page.having(point.key)


def _parts(numbers: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(numbers), max(1, size)):
        yield numbers[start : start + max(1, size)]
