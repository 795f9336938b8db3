"""Folding against the slowest, most obvious way to say the same."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap64

from cohorts.applying.folding import COUNTS, Batch, Match, fold

LIVE, WAITING, UNKNOWN = Match.LIVE, Match.WAITING, Match.UNKNOWN
MUTED, DELETED = Match.MUTED, Match.DELETED


@dataclass
class Slow:
    """A cohort as a set, and one id at a time."""

    members: set = field(default_factory=set)

    def fold(self, batches):
        counts = dict.fromkeys(COUNTS, 0)
        last_word, waits = {}, set()
        for batch in batches:
            for profile, match in zip(batch.profile_ids, batch.matches, strict=True):
                if match == UNKNOWN:
                    counts["unknown"] += 1
                elif match == MUTED:
                    counts["ignored_device"] += 1
                elif match == DELETED:
                    counts["deleted"] += 1
                else:
                    counts["repeated"] += profile in last_word
                    last_word[profile] = batch.remove
                    if match == WAITING:
                        waits.add(profile)
        before = set(self.members)
        for profile, remove in last_word.items():
            counts[self._word(profile, remove, profile in waits)] += 1
        return counts, self.members - before, before - self.members

    def _word(self, profile, remove, waits):
        if remove:
            word = "removed" if profile in self.members else "not_in"
            self.members.discard(profile)
            return word
        if profile in self.members:
            return "already_in"
        self.members.add(profile)
        return "waiting" if waits else "added"


def batch(*pairs, remove=False):
    return Batch(remove, [profile for profile, _ in pairs], [match for _, match in pairs])


def counts_of(outcome):
    return {count: number for count in COUNTS if (number := getattr(outcome, count))}


def folded(*batches, members=()):
    held = BitMap64(members)
    return counts_of(fold(batches, held)), set(held)


def test_users_join_and_leave():
    assert folded(batch((1, LIVE), (2, LIVE)), members={2}) == (
        {"added": 1, "already_in": 1},
        {1, 2},
    )
    assert folded(batch((1, LIVE), (2, LIVE), remove=True), members={2}) == (
        {"removed": 1, "not_in": 1},
        set(),
    )


def test_a_waiting_id_is_a_member_counted_apart():
    assert folded(batch((1, WAITING), (2, LIVE))) == ({"waiting": 1, "added": 1}, {1, 2})
    assert folded(batch((1, WAITING)), members={1}) == ({"already_in": 1}, {1})
    assert folded(batch((1, WAITING), remove=True), members={1}) == ({"removed": 1}, set())


def test_what_names_nobody_is_counted_and_nothing_else():
    nobody = batch((0, UNKNOWN), (7, MUTED), (0, DELETED), (0, UNKNOWN))

    assert folded(nobody, members={7}) == (
        {"unknown": 2, "ignored_device": 1, "deleted": 1},
        {7},
    )


def test_the_last_word_wins_and_what_was_said_before_is_repeated():
    add, remove = batch((1, LIVE)), batch((1, LIVE), remove=True)

    assert folded(add, remove) == ({"not_in": 1, "repeated": 1}, set())
    assert folded(remove, add) == ({"added": 1, "repeated": 1}, {1})
    assert folded(add, remove, add, members={1}) == ({"already_in": 1, "repeated": 2}, {1})
    assert folded(remove, add, remove, members={1}) == ({"removed": 1, "repeated": 2}, set())


def test_several_ids_of_one_user_give_one_membership():
    assert folded(batch((1, LIVE), (1, LIVE)), batch((1, LIVE))) == (
        {"added": 1, "repeated": 2},
        {1},
    )


def test_a_request_without_ids_changes_nothing():
    assert folded(members={1}) == ({}, {1})
    assert folded(batch(), members={1}) == ({}, {1})


def test_added_and_removed_tell_the_difference_not_the_wish():
    held = BitMap64({1, 2})

    outcome = fold([batch((1, LIVE), (3, LIVE)), batch((2, LIVE), (4, LIVE), remove=True)], held)

    assert (set(outcome.members_added), set(outcome.members_removed)) == ({3}, {2})


# A profile id waits or is live within a request, never both; ids lie on both sides of 2^32.
profiles = st.sampled_from([1, 2, 3, 65_535, 65_536, 1 << 32, (1 << 40) + 1])
mentions = st.one_of(
    profiles.map(lambda profile: (profile, LIVE if profile % 2 else WAITING)),
    st.sampled_from([(0, UNKNOWN), (0, DELETED), (3, MUTED)]),
)
requests = st.lists(
    st.builds(
        lambda pairs, remove: batch(*pairs, remove=remove), st.lists(mentions), st.booleans()
    ),
    max_size=4,
)


@given(st.sets(profiles), st.lists(requests, max_size=5))
def test_folding_request_after_request_equals_the_obvious_way(start, history):
    members, slow = BitMap64(start), Slow(set(start))

    for batches in history:
        outcome = fold(batches, members)
        counts, added, removed = slow.fold(batches)

        assert {count: getattr(outcome, count) for count in COUNTS} == counts
        assert sum(counts.values()) == sum(len(each.matches) for each in batches)
        assert (set(outcome.members_added), set(outcome.members_removed)) == (added, removed)
        assert set(members) == slow.members
