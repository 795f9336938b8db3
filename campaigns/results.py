"""What became of everyone whom a launch reached, in numbers that add up.

Every recipient of a sending is in exactly one of: sent, left out, failed, unknown, waiting.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection
from pyroaring import BitMap64

from campaigns.models import Deed, Engagement, Fate, Launch, LaunchBlock, Outcome, Sending
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
SELECT sending_id, profile_ids[1:settled], profile_ids[settled + 1:]
  FROM campaigns_batch WHERE sending_id = ANY(%s) ORDER BY sending_id, number
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


def by_cohort(launch: Launch, sendings: Collection[Sending]) -> dict[UUID, dict[str, Results]]:
    """Of each sending the same for the part of the audience that each cohort fed, by its id.

    A user in several cohorts counts for each, so the parts may come to more than the whole.
    A cohort that nobody of the audience was in, as one that is excluded, isn't there.
    """
    keys = [sending.pk for sending in sendings]
    with snapshot():
        parts = _parts(launch)
        if not parts:
            return {key: {} for key in keys}
        fates = _fates(keys)
        done = _deeds(keys)
    return {
        key: {cohort: _part(members, fates[key], done[key]) for cohort, members in parts.items()}
        for key in keys
    }


def _part(
    members: BitMap64, fates: Mapping[str, BitMap64], done: Mapping[Deed, BitMap64]
) -> Results:
    """The results of those members. As in the whole, nobody is a recipient before it starts."""
    listed = members.intersection_cardinality(fates["listed"])
    settled = members.intersection_cardinality(fates["settled"])
    part = Results(recipients=listed, waiting=listed - settled, sent=settled)
    for fate in Fate.values:
        number = members.intersection_cardinality(fates[fate])
        setattr(part, fate, number)
        part.sent -= number
    for deed in Deed:
        setattr(part, deed.name.lower(), members.intersection_cardinality(done[deed]))
    return part


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


def _fates(sending_ids: list[UUID]) -> Mapping[UUID, Mapping[str, BitMap64]]:
    """By sending who has each fate, who has one at all, as "settled", and everybody, "listed"."""
    found: dict[UUID, dict[str, BitMap64]] = {key: defaultdict(BitMap64) for key in sending_ids}
    with connection.cursor() as cursor:
        cursor.execute(_LISTED, [sending_ids])
        for key, settled, rest in cursor:
            found[key]["settled"].update(settled)
            found[key]["waiting"].update(rest)
    rows = Outcome.objects.filter(batch__sending__in=sending_ids, resent_at=None)
    for key, fate, profile_id in rows.values_list(
        "batch__sending_id", "fate", "profile_id"
    ).iterator():
        found[key][fate].add(profile_id)
    for fates in found.values():
        fates["listed"] = fates["settled"] | fates["waiting"]
        # Who is sent to again waits once more; whom a webhook's batch left out doesn't.
        fates["settled"] -= fates["waiting"]
        for fate in Fate.values:
            fates["settled"] |= fates[fate]
    return found


def deeds(sending: Sending) -> Mapping[Deed, BitMap64]:
    """Who did what with the message."""
    return _deeds([sending.pk])[sending.pk]


def _deeds(sending_ids: list[UUID]) -> Mapping[UUID, Mapping[Deed, BitMap64]]:
    found: dict[UUID, dict[Deed, BitMap64]] = {key: defaultdict(BitMap64) for key in sending_ids}
    rows = Engagement.objects.filter(sending__in=sending_ids)
    for key, deed, profile_id in rows.values_list("sending_id", "deed", "profile_id").iterator():
        found[key][Deed(deed)].add(profile_id)
    return found


def _parts(launch: Launch) -> dict[str, BitMap64]:
    """Who of the audience, without its control group, was in each cohort that fed it."""
    parts: dict[str, BitMap64] = defaultdict(BitMap64)
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
                if here:
                    parts[str(cohort_id)] |= here.shift(number << BLOCK_BITS)
    return parts
