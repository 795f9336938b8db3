"""How many people a cohort shares with others, exactly, in bounded work."""

from dataclasses import dataclass

from django.db.models import F
from pyroaring import BitMap64

from cohorts import blocks
from cohorts.models import Cohort
from common.cursors import binary_cursor
from common.snapshots import snapshot
from profiles.known import read_known

# Blocks that are read at most, 8 KiB each: what a second allows. At a million users these
# are 1,800 cohorts of any size; beyond, those that heard from their partner last.
MOST_BLOCKS = 30_000
AT_ONCE = 500
SHOWN = 10

_NOBODY = BitMap64()


@dataclass(frozen=True, slots=True)
class Shared:
    """One other cohort, and the people who are in both."""

    cohort: Cohort
    people: int
    size: int  # people of this cohort

    @property
    def percent(self) -> float:
        """Of this cohort's people."""
        return 100 * self.people / self.size if self.size else 0


@dataclass(frozen=True, slots=True)
class Overlap:
    """Those that share most, the largest first; `compared` of `others` were looked at."""

    shared: list[Shared]
    compared: int
    others: int


def of(cohort: Cohort, *, shown: int = SHOWN) -> Overlap:
    """Compared with the other cohorts of the workspace that aren't archived."""
    here = Cohort.objects.filter(workspace_id=cohort.workspace_id, archived_at=None)
    others = here.exclude(pk=cohort.pk)
    with snapshot():
        members = _members(cohort)
        most = max(1, MOST_BLOCKS // max(1, len(members)))
        recent = others.order_by(F("head__last_received_at").desc(nulls_last=True), "-pk")
        compared = list(recent.values_list("pk", flat=True)[:most])
        people = _shared(members, compared)
        count = len(compared) if len(compared) < most else others.count()
        top = sorted(people.items(), key=lambda pair: (-pair[1], pair[0]))[:shown]
        named = Cohort.objects.select_related("partner").in_bulk([pk for pk, _ in top])
    size = sum(map(len, members.values()))
    return Overlap([Shared(named[pk], number, size) for pk, number in top], len(compared), count)


def _members(cohort: Cohort) -> dict[int, BitMap64]:
    """The people in it by block number; those who wait are nobody yet."""
    known = read_known(cohort.workspace_id)
    held = {
        number: positions & known.get(number, _NOBODY)
        for number, positions in blocks.of(cohort.pk).items()
    }
    return {number: positions for number, positions in held.items() if positions}


def _shared(members: dict[int, BitMap64], cohort_ids: list[int]) -> dict[int, int]:
    people: dict[int, int] = {}
    with binary_cursor() as cursor:
        cursor.execute(
            f"SELECT cohort_id, number, {blocks.COLUMNS} FROM cohorts_block"
            " WHERE cohort_id = ANY(%s) AND number = ANY(%s)",
            [cohort_ids, list(members)],
        )
        while rows := cursor.fetchmany(AT_ONCE):
            for cohort_id, number, *columns in rows:
                both = members[number].intersection_cardinality(blocks.read(*columns))
                if both:
                    people[cohort_id] = people.get(cohort_id, 0) + both
    return people
