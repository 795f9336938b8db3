"""Which attributes a workspace has, of what type, and which values they often have: for pickers.

Read from the pages, so as of the last fold, some seconds ago. Counts of values come from the
pages in which values are most frequent, so of an attribute with many different values
they are lower bounds, good for an order and a hint.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from django.db import connection
from pyroaring import BitMap64

from common.bitmaps import BLOCK_BITS
from common.cursors import binary_cursor
from common.snapshots import snapshot
from profiles.attributes import FLAGS, STANDARD
from profiles.facets import subjects
from profiles.facets.asks import ALIAS_LABELS, Origin, attribute
from profiles.facets.current import AT_ONCE
from profiles.facets.pages import Page
from profiles.facets.values import ValueKind, item_text, text_key
from profiles.models import Profile

# Values that are shown, and pages that are looked through for them.
FREQUENT = 50
LOOKED_THROUGH = 400

_TYPES = f"""
SELECT subject.name, page.kind, sum(page.positions)
FROM profiles_facetsubject AS subject
JOIN profiles_facetpage AS page ON page.subject_id = subject.id
WHERE subject.workspace_id = %s AND subject.origin = {Origin.ATTRIBUTE.value}
GROUP BY subject.name, page.kind
"""

_FULLEST = f"""
SELECT number, members, detail FROM profiles_facetpage
WHERE subject_id = %b AND kind = %b AND keys > 0
ORDER BY positions / keys DESC, number, low LIMIT {LOOKED_THROUGH}
"""

_LINES = """
SELECT number, users FROM profiles_facetchange
WHERE workspace_id = %b AND (names IS NULL OR names && %b::text[])
"""
_HELD = """
SELECT name FROM unnest(%s::text[]) AS wanted (name) WHERE EXISTS (
    SELECT FROM profiles_profile
    WHERE workspace_id = %s AND id = ANY(%s::bigint[]) AND attributes ? name)
"""


@dataclass(frozen=True, slots=True)
class KnownAttribute:
    """`users` counts those with a value, `kinds` those with one that can be asked as that."""

    name: str
    users: int = 0
    kinds: Mapping[ValueKind, int] = field(default_factory=dict)

    @property
    def is_standard(self) -> bool:
        return self.name in STANDARD


@dataclass(frozen=True, slots=True)
class FrequentValue:
    """A value as one of the users has it who have it in whatever case."""

    text: str
    users: int


def known_attributes(workspace_id: int) -> list[KnownAttribute]:
    """Standard fields in their order, then the others that anybody has, by name.

    A flag can be asked as yes or no before anybody has it.
    """
    found: dict[str, dict[ValueKind, int]] = {
        name: {ValueKind.BOOLEAN: 0} if name in FLAGS else {} for name in STANDARD
    }
    with connection.cursor() as cursor:
        cursor.execute(_TYPES, [workspace_id])
        for name, kind, users in sorted(cursor.fetchall()):
            found.setdefault(name, {})[ValueKind(kind)] = int(users)
    return [
        KnownAttribute(name, kinds.pop(ValueKind.PRESENT, 0), kinds)
        for name, kinds in found.items()
    ]


def frequent_values(workspace_id: int, name: str, *, most: int = FREQUENT) -> list[FrequentValue]:
    """Texts and entries of arrays that users often have, the most frequent first."""
    subject = attribute(name)
    with snapshot():
        subject_id = subjects.find(workspace_id, [subject]).get(subject)
        if subject_id is None:
            return []
        counts: Counter[bytes] = Counter()
        examples: dict[bytes, int] = {}
        for kind in (ValueKind.TEXT, ValueKind.ITEM):
            for number, page in _fullest(subject_id, kind):
                for key, users, position in page.counts():
                    counts[key] += users
                    examples[key] = (number << BLOCK_BITS) + position
        best = counts.most_common(most)
        texts = _spelled(workspace_id, name, {key: examples[key] for key, _users in best})
    return [FrequentValue(texts.get(key, key.decode()), users) for key, users in best]


def alias_labels(workspace_id: int) -> list[str]:
    """Labels that users have aliases under, by name."""
    with snapshot():
        subject_id = subjects.find(workspace_id, [ALIAS_LABELS]).get(ALIAS_LABELS)
        if subject_id is None:
            return []
        pages = _fullest(subject_id, ValueKind.ITEM)
        labels = {key for _number, page in pages for key, _users, _position in page.counts()}
    return sorted(label.decode() for label in labels)


def _fullest(subject_id: int, kind: ValueKind) -> Iterator[tuple[int, Page]]:
    with binary_cursor() as cursor:
        cursor.execute(_FULLEST, [subject_id, kind.value])
        for number, members, detail in cursor:
            yield number, Page(members, detail)


def _spelled(workspace_id: int, name: str, examples: Mapping[bytes, int]) -> dict[bytes, str]:
    """How a user who has the key writes it; nothing for one who has changed since."""
    users = Profile.objects.filter(workspace_id=workspace_id).in_bulk(list(examples.values()))
    found = {}
    for key, profile_id in examples.items():
        value = users[profile_id].attributes.get(name) if profile_id in users else None
        entries = value if isinstance(value, list) else [value]
        for text in (item_text(each) for each in entries if each and not isinstance(each, dict)):
            if text_key(text) == key:
                found[key] = text
    return found


def known_names(workspace_id: int, names: Collection[str]) -> set[str]:
    """Those that are standard fields, or attributes that anybody has had a value of."""
    wanted = {name for name in names if name not in STANDARD}
    known = set(names) - wanted
    if wanted:
        known |= {one.name for one in subjects.find(workspace_id, [*map(attribute, wanted)])}
    if unknown := sorted(wanted - known):
        known |= _unfolded(workspace_id, unknown)
    return known


def _unfolded(workspace_id: int, names: list[str]) -> set[str]:
    """Those of which somebody has a value whose values aren't folded yet."""
    found: set[str] = set()
    with binary_cursor() as cursor:
        cursor.execute(_LINES, [workspace_id, names])
        lines = [(number, BitMap64.deserialize(bytes(users))) for number, users in cursor]
    for number, positions in lines:
        for start in range(0, len(positions), AT_ONCE):
            part = [(number << BLOCK_BITS) + each for each in positions[start : start + AT_ONCE]]
            with connection.cursor() as cursor:
                cursor.execute(_HELD, [names, workspace_id, part])
                found |= {name for (name,) in cursor}
            if len(found) == len(names):
                return found
    return found
