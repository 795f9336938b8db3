"""What became of everyone whom a launch reached, in numbers that add up.

Every recipient of a sending is in exactly one of: sent, left out, failed, unknown, waiting.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection
from pyroaring import BitMap64

from campaigns.models import Deed, Fate, Launch, LaunchBlock, Outcome, Sending
from common.bitmaps import BLOCK_BITS
from common.cursors import binary_cursor
from common.snapshots import snapshot

# Recipients of batches, each once: who was sent to again is in a later batch too.
_BATCHES = """
SELECT sending_id, sum(cardinality(profile_ids)), sum(settled)
  FROM campaigns_batch WHERE sending_id = ANY(%s) GROUP BY 1
"""
# `early` are those that a webhook's batch noted before it was settled, of its first try.
_OUTCOMES = """
SELECT sending_id, fate, reason, outcome.resent_at IS NOT NULL, count(*),
       count(*) FILTER (WHERE settled = 0 AND outcome.resent_at IS NULL) AS early
  FROM campaigns_outcome AS outcome JOIN campaigns_batch AS batch ON batch.id = batch_id
 WHERE sending_id = ANY(%s) GROUP BY 1, 2, 3, 4
"""
_DEEDS = """
SELECT sending_id, deed, count(DISTINCT profile_id) FROM campaigns_engagement
 WHERE sending_id = ANY(%s) GROUP BY 1, 2
"""
_LISTED = """
SELECT profile_ids[1:settled], profile_ids[settled + 1:]
  FROM campaigns_batch WHERE sending_id = %s ORDER BY number
"""


@dataclass(slots=True)
class Results:
    """Numbers of recipients. `reasons` counts the left out, failed and unknown by reason."""

    recipients: int = 0
    sent: int = 0
    left_out: int = 0
    failed: int = 0
    unknown: int = 0
    waiting: int = 0
    opened: int = 0
    clicked: int = 0
    unsubscribed: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    @property
    def done_share(self) -> float:
        """Of everyone, whose fate is known: 0 to 1."""
        return 1 - self.waiting / self.recipients if self.recipients else 0.0


def of_sending(sending: Sending) -> Results:
    """The numbers of one moment."""
    return of_sendings([sending])[sending.pk]


def of_sendings(sendings: Collection[Sending]) -> dict[UUID, Results]:
    """Those of each, all of one moment."""
    found = {sending.pk: Results() for sending in sendings}
    wanted = [list(found)]
    with snapshot(), connection.cursor() as cursor:
        cursor.execute(_BATCHES, wanted)
        for key, listed, settled in cursor.fetchall():
            found[key].recipients, found[key].waiting = int(listed), int(listed - settled)
        cursor.execute(_OUTCOMES, wanted)
        for key, fate, reason, resent, number, early in cursor.fetchall():
            one = found[key]
            one.waiting -= early
            if resent:
                one.recipients -= number
                continue
            setattr(one, fate, getattr(one, fate) + number)
            one.reasons[reason] = one.reasons.get(reason, 0) + number
        cursor.execute(_DEEDS, wanted)
        for key, deed, people in cursor.fetchall():
            setattr(found[key], Deed(deed).name.lower(), people)
    for one in found.values():
        one.sent = one.recipients - one.waiting - one.left_out - one.failed - one.unknown
    return found


def by_cohort(launch: Launch, sending: Sending) -> dict[str, Results]:
    """The same for the part of the audience that was in each cohort behind it, by its id.

    A user in several cohorts counts for each, so the parts may come to more than the whole.
    """
    with snapshot():
        fates = _fates(sending)
        done = deeds(sending)
        parts = _parts(launch)
    found = {}
    for key, members in parts.items():
        settled = members.intersection_cardinality(fates["settled"])
        part = Results(recipients=len(members), waiting=len(members) - settled, sent=settled)
        for fate in Fate.values:
            number = members.intersection_cardinality(fates[fate])
            setattr(part, fate, number)
            part.sent -= number
        for deed in Deed:
            setattr(part, deed.name.lower(), members.intersection_cardinality(done[deed]))
        found[key] = part
    return found


def recipients(sending: Sending) -> Iterator[tuple[int, str, str, str]]:
    """Profile id, result, reason and detail of everyone, batch by batch.

    The result is a `Fate`, or "sent", or "waiting".
    """
    for batch in sending.batches.order_by("number").iterator(chunk_size=20):
        outcomes = {each.profile_id: each for each in batch.outcomes.all()}
        for place, profile_id in enumerate(batch.profile_ids):
            outcome: Outcome | None = outcomes.get(profile_id)
            if outcome is None:
                yield profile_id, "sent" if place < batch.settled else "waiting", "", ""
            elif outcome.resent_at is None:
                yield profile_id, outcome.fate, outcome.reason, outcome.detail


def _fates(sending: Sending) -> Mapping[str, BitMap64]:
    """Who has each fate, and as "settled" everybody who has one, whom it was sent to included."""
    fates: dict[str, BitMap64] = defaultdict(BitMap64)
    waiting = BitMap64()
    with connection.cursor() as cursor:
        cursor.execute(_LISTED, [sending.pk])
        for settled, rest in cursor:
            fates["settled"].update(settled)
            waiting.update(rest)
    rows = Outcome.objects.filter(batch__sending=sending, resent_at=None)
    for fate, profile_id in rows.values_list("fate", "profile_id").iterator():
        fates[fate].add(profile_id)
    # Who is sent to again waits once more; whom a webhook's batch left out doesn't.
    fates["settled"] -= waiting
    for fate in Fate.values:
        fates["settled"] |= fates[fate]
    return fates


def deeds(sending: Sending) -> Mapping[Deed, BitMap64]:
    """Who did what with the message."""
    found: dict[Deed, BitMap64] = defaultdict(BitMap64)
    rows = sending.engagements.values_list("deed", "profile_id")
    for deed, profile_id in rows.iterator():
        found[Deed(deed)].add(profile_id)
    return found


def _parts(launch: Launch) -> dict[str, BitMap64]:
    """Who of the audience, without its control group, was in each cohort."""
    parts: dict[str, BitMap64] = {key: BitMap64() for key in launch.cohorts}
    audience: dict[int, BitMap64] = {}
    with binary_cursor() as cursor:
        cursor.execute(
            "SELECT cohort_id, number, members FROM campaigns_launchblock"
            " WHERE launch_id = %s AND cohort_id >= 0 ORDER BY cohort_id, number",
            [launch.pk],
        )
        for cohort_id, number, members in cursor:
            positions = BitMap64.deserialize(bytes(members))
            if cohort_id == LaunchBlock.AUDIENCE:
                audience[number] = positions
            else:
                here = positions & audience.get(number, BitMap64())
                parts[str(cohort_id)] |= here.shift(number << BLOCK_BITS)
    return parts
