"""Prove that pages, with what isn't folded yet, say what users' values say.

Belongs in one snapshot. A block's values aren't held side by side: of each subject both
sides are added up as digests, where an entry that is missing, too much or elsewhere shows.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from django.db import connection
from pyroaring import BitMap64

from common.bitmaps import BLOCK_BITS
from common.cursors import binary_cursor
from profiles.facets import changes, current, subjects
from profiles.facets.asks import Subject
from profiles.facets.changes import touched
from profiles.facets.pages import SPANNED, Page
from profiles.facets.values import ValueKind
from profiles.known import read_known

_NUMBERS = """
SELECT DISTINCT page.number FROM profiles_facetsubject AS subject
JOIN profiles_facetpage AS page ON page.subject_id = subject.id WHERE subject.workspace_id = %s
"""

_PAGES = """
SELECT kind, low, below, members, detail FROM profiles_facetpage
WHERE subject_id = %b AND number = %b ORDER BY kind, low
"""

_DIGEST = 2**64


def problems(workspace_id: int) -> Iterator[str]:
    """One sentence for each block and subject whose pages are wrong."""
    known = read_known(workspace_id)
    ids = subjects.find(workspace_id)
    with connection.cursor() as cursor:
        cursor.execute(_NUMBERS, [workspace_id])
        numbers = sorted({number for (number,) in cursor} | known.keys())
    for number in numbers:
        lines = changes.read(workspace_id, [number]).get(number, [])
        stale = {subject: touched(lines, subject) for subject in ids}
        users = known.get(number, BitMap64())
        kept = _kept(workspace_id, number, users, lines, stale)
        for subject, subject_id in ids.items():
            stored, is_sound = _stored(subject_id, number, stale[subject])
            if stored != kept.pop(subject, 0):
                yield f"pages of {subject.name} in block {number} differ from users' values"
            if not is_sound:
                yield f"pages of {subject.name} in block {number} don't add up"
        for subject in (subject for subject, digest in kept.items() if digest):
            yield f"{subject.name} has no pages, but users of block {number} have values"


def _kept(
    workspace_id: int,
    number: int,
    users: BitMap64,
    lines: Sequence[changes.Change],
    stale: dict[Subject, BitMap64],
) -> Counter[Subject]:
    """Digests of the values that users have, without those that pages needn't know yet."""
    found: Counter[Subject] = Counter()
    start = number << BLOCK_BITS
    profile_ids = [start + each for each in users]
    for part in current.columns(workspace_id, profile_ids, start=start):
        for subject, columns in part.items():
            if subject not in stale:
                stale[subject] = touched(lines, subject)
            for kind, column in columns.items():
                for key, positions in column.items():
                    for position in positions:
                        if position not in stale[subject]:
                            found[subject] = _add(found[subject], kind, key, position)
    return found


def _stored(subject_id: int, number: int, stale: BitMap64) -> tuple[int, bool]:
    """The digest of what pages say, and whether their sums over all before them are right."""
    digest, is_sound = 0, True
    before: dict[int, BitMap64] = {}
    with binary_cursor() as cursor:
        cursor.execute(_PAGES, [subject_id, number])
        for kind, _low, below, members, detail in cursor:
            so_far = before.setdefault(kind, BitMap64())
            if ValueKind(kind) in SPANNED:
                is_sound &= BitMap64.deserialize(bytes(below)) == so_far
            for key, positions in Page(members, detail).column():
                so_far.update(positions)
                for position in positions:
                    if position not in stale:
                        digest = _add(digest, ValueKind(kind), key, position)
    return digest, is_sound


def _add(digest: int, kind: ValueKind, key: bytes, position: int) -> int:
    return (digest + hash((kind.value, key, position))) % _DIGEST
