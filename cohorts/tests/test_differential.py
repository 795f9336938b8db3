"""Random uploads over several cohorts, applied in random batches, against a slow reference.

The reference takes one request at a time and one id at a time. Every outcome row and every
membership has to be the same, whatever was coalesced.
"""

import itertools
from collections import defaultdict, deque
from dataclasses import dataclass, field
from io import StringIO

import pytest
from django.core.management import call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cohorts.applying import apply
from cohorts.applying.folding import COUNTS, Batch, Match
from cohorts.models import Upload
from cohorts.tests.factories import (
    accept,
    make_anonymous,
    make_cohort,
    make_users,
    members_of,
    name_user,
)
from cohorts.tests.test_folding import Slow
from profiles.models import Identifier, IdentifierKind, Profile
from profiles.users_api import track, updates
from tests.factories import make_workspace

EXTERNAL_ID, ALIAS, DEVICE = (int(kind) for kind in IdentifierKind)
examples = itertools.count()

# Ana is identified and has an alias and a device, somebody anonymous has a device and an
# alias; nobody is known under the others yet.
EXTERNAL_IDS = ["ana", "bob", "new 1", "new 2", "new 3"]
ALIASES = [("crm", "ana"), ("shop", "anon"), ("crm", "new"), ("shop", "ana")]
DEVICES = ["ana's phone", "anon's phone", "new phone", "ana"]

objects = st.fixed_dictionaries(
    {
        "user_ids": st.lists(st.sampled_from(EXTERNAL_IDS), max_size=4),
        "device_ids": st.lists(st.sampled_from(DEVICES), max_size=2),
        "aliases": st.lists(st.sampled_from(ALIASES), max_size=2),
        "should_remove": st.booleans(),
    }
)
uploads = st.tuples(st.just("upload"), st.integers(0, 2), st.lists(objects, max_size=3))
applies = st.tuples(st.just("apply"), st.integers(0, 2), st.sampled_from([1, 3, 8, 1_000]))
arrivals = st.tuples(st.just("appear"), st.sampled_from(EXTERNAL_IDS), st.none())


@dataclass
class Reference:
    """Who each id stands for, and what each cohort holds; `room` is whether ids may wait."""

    room: bool
    found: dict = field(default_factory=dict)  # (kind, label, value): (user, match)
    cohorts: dict = field(default_factory=lambda: defaultdict(Slow))

    def appear(self, external_id):
        key = (EXTERNAL_ID, "", external_id)
        user, _ = self.found.get(key, (key, None))
        self.found[key] = (user, Match.LIVE)

    def apply(self, cohort, request):
        mentions = [(each["should_remove"], list(keys_of(each))) for each in request]
        for remove, keys in mentions:
            for key in keys:
                if self.room and not remove and key not in self.found:
                    self.found[key] = (key, Match.WAITING)
        batches = []
        for remove, keys in mentions:
            found = [self.found.get(key, (None, Match.UNKNOWN)) for key in keys]
            batches.append(
                Batch(remove, [user for user, _ in found], [match for _, match in found])
            )
        counts, _, _ = self.cohorts[cohort].fold(batches)
        return counts


def keys_of(change):
    yield from ((EXTERNAL_ID, "", value) for value in change["user_ids"])
    yield from ((DEVICE, "", value) for value in change["device_ids"])
    yield from ((ALIAS, label, value) for label, value in change["aliases"])


def as_sent(change):
    aliases = [{"alias_label": label, "alias_name": name} for label, name in change["aliases"]]
    return change | {"aliases": aliases}


@dataclass
class Real:
    """The same in PostgreSQL, in a workspace of its own."""

    room: bool

    def __post_init__(self):
        self.workspace = make_workspace(f"acme-{next(examples)}")
        if not self.room:
            self.workspace.waiting_retention_days = 0
            self.workspace.save()
        make_users(self.workspace, ["ana", "bob"])
        ana = Profile.objects.get(external_id="ana", workspace=self.workspace)
        anon = make_anonymous(self.workspace)
        name_user(ana, ALIAS, "ana", label="crm")
        name_user(ana, DEVICE, "ana's phone")
        name_user(anon, ALIAS, "anon", label="shop")
        name_user(anon, DEVICE, "anon's phone")
        self.cohorts = [make_cohort(self.workspace, f"cohort {place}") for place in range(3)]

    def reference(self):
        """Told apart by one of their ids, as the reference does with those who come later."""
        ana, anon = (EXTERNAL_ID, "", "ana"), (DEVICE, "", "anon's phone")
        return Reference(
            self.room,
            {
                ana: (ana, Match.LIVE),
                (ALIAS, "crm", "ana"): (ana, Match.LIVE),
                (DEVICE, "", "ana's phone"): (ana, Match.MUTED),
                (EXTERNAL_ID, "", "bob"): ((EXTERNAL_ID, "", "bob"), Match.LIVE),
                anon: (anon, Match.LIVE),
                (ALIAS, "shop", "anon"): (anon, Match.LIVE),
            },
        )

    def appear(self, external_id):
        decoded, _ = track.decode({"attributes": [{"external_id": external_id}]})
        updates.apply(self.workspace, decoded, by="tests")

    def apply(self, place, most_ids):
        return apply.apply_batch(
            self.workspace.pk, self.cohorts[place].pk, most_ids=most_ids
        ).requests

    def outcome(self, place, sequence):
        upload = Upload.objects.get(cohort=self.cohorts[place], sequence=sequence)
        return {count: getattr(upload, count) for count in COUNTS}

    def members(self, place):
        """As the reference names them."""
        names = defaultdict(set)
        identifiers = Identifier.objects.filter(workspace=self.workspace)
        for profile_id, *key in identifiers.values_list("profile_id", "kind", "label", "value"):
            names[profile_id].add(tuple(key))
        return [names[profile_id] for profile_id in members_of(self.cohorts[place])]


def check(history, room):
    real = Real(room)
    reference = real.reference()
    pending = [deque() for _ in real.cohorts]
    applied = [0 for _ in real.cohorts]
    for action, what, how in [*history, *[("apply", place, 10**6) for place in range(3)]]:
        if action == "upload":
            accept(real.cohorts[what], *map(as_sent, how))
            pending[what].append(how)
        elif action == "appear":
            real.appear(what)
            reference.appear(what)
        else:
            for _ in range(real.apply(what, how)):
                applied[what] += 1
                expected = reference.apply(what, pending[what].popleft())
                assert real.outcome(what, applied[what]) == expected, history
    assert not any(pending)
    for place in range(3):
        members, expected = real.members(place), reference.cohorts[place].members
        assert len(members) == len(expected)
        assert all(names & expected for names in members)
    call_command("check_membership", workspace=real.workspace.slug, stdout=StringIO())


RELAXED = {"deadline": None, "suppress_health_check": list(HealthCheck)}
histories = st.lists(uploads | uploads | applies | arrivals, max_size=14)


@pytest.mark.django_db
@settings(max_examples=60, **RELAXED)
@given(histories, st.booleans())
def test_whatever_is_coalesced_equals_one_request_and_one_id_at_a_time(history, room):
    check(history, room)


@pytest.mark.long
@pytest.mark.django_db
@settings(max_examples=1_000, **RELAXED)
@given(st.lists(uploads | uploads | applies | arrivals, max_size=40), st.booleans())
def test_long_histories_equal_one_request_and_one_id_at_a_time(history, room):
    check(history, room)
