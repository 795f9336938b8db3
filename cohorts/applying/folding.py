"""Fold one request's resolved ids onto a cohort's members. Pure; the heart of apply.

Requests are folded one after another in memory, so that the outcome of each is as if it
had been applied alone; only the writes are coalesced.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from pyroaring import BitMap64


class Match(IntEnum):
    """What resolving found for one id."""

    UNKNOWN = 0  # names nobody, and nobody waits under it
    LIVE = 1
    WAITING = 2
    MUTED = 3  # a device of an identified user
    DELETED = 4  # its user was deleted after the request was accepted


@dataclass(frozen=True, slots=True)
class Batch:
    """One run of a request, resolved: the profile id (or 0) and the match of each id."""

    remove: bool
    profile_ids: Sequence[int]
    matches: Sequence[int]


@dataclass(slots=True)
class Outcome:
    """What became of every id of a request. The nine counts add up to the ids received."""

    added: int = 0
    already_in: int = 0
    waiting: int = 0
    removed: int = 0
    not_in: int = 0
    ignored_device: int = 0
    repeated: int = 0
    unknown: int = 0
    deleted: int = 0
    members_added: BitMap64 = field(default_factory=BitMap64)
    members_removed: BitMap64 = field(default_factory=BitMap64)


COUNTS = (
    "added",
    "already_in",
    "waiting",
    "removed",
    "not_in",
    "ignored_device",
    "repeated",
    "unknown",
    "deleted",
)


def fold(batches: Iterable[Batch], members: BitMap64) -> Outcome:
    """Apply one request to `members`, in place, and say what became of each id.

    The last word on a user wins; every earlier mention counts as repeated, whether it was
    the same id again or another id of that user.
    """
    outcome = Outcome()
    adds, removes, waiting = BitMap64(), BitMap64(), BitMap64()
    mentions = 0
    for batch in batches:
        named, in_waiting = _named(batch, outcome)
        mentions += len(named)
        profiles = BitMap64(named)
        waiting |= in_waiting
        if batch.remove:
            removes |= profiles
            adds -= profiles
        else:
            adds |= profiles
            removes -= profiles
    outcome.members_added = adds - members
    outcome.members_removed = removes & members
    members |= outcome.members_added
    members -= outcome.members_removed
    outcome.waiting = outcome.members_added.intersection_cardinality(waiting)
    outcome.added = len(outcome.members_added) - outcome.waiting
    outcome.already_in = len(adds) - len(outcome.members_added)
    outcome.removed = len(outcome.members_removed)
    outcome.not_in = len(removes) - outcome.removed
    outcome.repeated = mentions - len(adds) - len(removes)
    return outcome


def _named(batch: Batch, outcome: Outcome) -> tuple[Sequence[int], BitMap64]:
    """Profile ids that the run stands for, and those of them that wait; count the rest."""
    matches = batch.matches
    if matches.count(Match.LIVE) == len(matches):
        return batch.profile_ids, BitMap64()
    outcome.unknown += matches.count(Match.UNKNOWN)
    outcome.ignored_device += matches.count(Match.MUTED)
    outcome.deleted += matches.count(Match.DELETED)
    pairs = list(zip(batch.profile_ids, matches, strict=True))
    in_waiting = [profile for profile, match in pairs if match == Match.WAITING]
    live = [profile for profile, match in pairs if match == Match.LIVE]
    return live + in_waiting, BitMap64(in_waiting)
