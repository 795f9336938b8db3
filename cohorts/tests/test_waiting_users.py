"""Users appearing, devices moving and partners naming ids, against the simplest model of it."""

from dataclasses import dataclass, field
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cohorts import blocks
from cohorts.apply import apply_batch
from cohorts.changes import Changes, Column
from cohorts.models import Cohort, CohortCursor, CohortHead, Upload
from common import bitmaps
from profiles import known, rules, waiting
from profiles.models import Identifier, IdentifierState, Profile
from profiles.rules import Kind
from profiles.users_api import track, updates
from tests.factories import make_partner, make_workspace

EXTERNAL_IDS = [rules.external_id(value) for value in ("ana", "bob")]
ALIASES = [rules.alias("crm", "7"), rules.alias("shop", "7")]
DEVICES = [rules.device(value) for value in ("phone", "tablet", "watch")]


def devices(least):
    return st.lists(st.sampled_from(DEVICES), min_size=least, max_size=2, unique=True)


items = st.one_of(
    st.tuples(st.sampled_from(EXTERNAL_IDS + ALIASES), devices(0)),
    st.tuples(st.none(), devices(1)),
)
namings = st.lists(st.sampled_from(EXTERNAL_IDS + ALIASES + DEVICES), max_size=4)
steps = st.one_of(
    st.tuples(st.just("add"), namings),
    st.tuples(st.just("remove"), namings),
    st.tuples(st.just("track"), st.lists(items, min_size=1, max_size=3)),
)


@dataclass(eq=False)
class User:
    identified: bool
    keys: set = field(default_factory=set)
    member: bool = False


class Model:
    """Users and waiting ids as sets of keys; membership is a flag on each."""

    def __init__(self):
        self.users = []
        self.waiting = {}

    def owner(self, key):
        return next((user for user in self.users if key in user.keys), None)

    def name(self, keys, add):
        for key in keys:
            user = self.owner(key)
            if user is None:
                if add or key in self.waiting:
                    self.waiting[key] = add
            elif not (user.identified and key.kind == Kind.DEVICE):
                user.member = add

    def track(self, key, device_keys):
        owners = [self.owner(device) for device in device_keys]
        if key is None and any(owner and owner.identified for owner in owners):
            return
        user = self.owner(key) if key else next(filter(None, owners), None)
        if user is None:
            user = User(identified=key is not None and key.kind == Kind.EXTERNAL_ID)
            self.users.append(user)
        for each in filter(None, (key, *device_keys)):
            if previous := self.owner(each):
                previous.keys.discard(each)
            waited = self.waiting.pop(each, False)
            user.keys.add(each)
            if not (user.identified and each.kind == Kind.DEVICE):
                user.member |= waited


class Real:
    """The same on the database: a cohort that gets its uploads applied at once."""

    def __init__(self):
        self.workspace = make_workspace()
        partner = make_partner()
        self.cohort = Cohort.objects.create(
            workspace=self.workspace, partner=partner, external_id="spring"
        )
        self.head = CohortHead.objects.create(cohort=self.cohort)
        CohortCursor.objects.create(cohort=self.cohort)

    def entries(self):
        return {
            rules.Key(kind, label, value): (profile_id, state)
            for kind, label, value, profile_id, state in Identifier.objects.values_list(
                "kind", "label", "value", "profile_id", "state"
            )
        }

    def name(self, keys, add):
        changes = Changes()
        for key in keys:
            if key.kind == Kind.EXTERNAL_ID:
                changes.external_ids.append(key.value)
            elif key.kind == Kind.DEVICE:
                changes.device_ids.append(key.value)
            else:
                changes.alias_labels.append(key.label)
                changes.alias_names.append(key.value)
            changes.append_run(Column(key.kind), 1, remove=not add)
        self.head.sequence += 1
        self.head.ids_received += len(keys)
        self.head.save()
        Upload.objects.create(
            cohort=self.cohort,
            sequence=self.head.sequence,
            request_id=uuid4(),
            ids=len(keys),
            runs=changes.runs,
            external_ids=changes.external_ids,
            device_ids=changes.device_ids,
            alias_labels=changes.alias_labels,
            alias_names=changes.alias_names,
        )
        apply_batch(self.workspace.pk, self.cohort.pk, most_ids=1000)

    def members(self):
        return bitmaps.join(blocks.of(self.cohort.pk))

    def track(self, *named):
        attributes = []
        for key, device_keys in named:
            item = {"devices": [{"device_id": device.value} for device in device_keys]}
            if key is None:
                item["_create_anonymous"] = True
            elif key.kind == Kind.EXTERNAL_ID:
                item["external_id"] = key.value
            else:
                item["user_alias"] = {"alias_label": key.label, "alias_name": key.value}
                item["_update_existing_only"] = False
            attributes.append(item)
        decoded, problems = track.decode({"attributes": attributes})
        assert not problems
        updates.apply(self.workspace, decoded, by="test")

    def as_model(self):
        """Users as (identified, keys, member), and waiting ids with their flag."""
        members, entries = self.members(), self.entries()
        users = [
            (
                profile.is_identified,
                {
                    key
                    for key, (profile_id, state) in entries.items()
                    if profile_id == profile.pk and state != IdentifierState.RESERVED
                },
                profile.pk in members,
            )
            for profile in Profile.objects.order_by("created_at", "pk")
        ]
        waits = {
            key: profile_id in members
            for key, (profile_id, state) in entries.items()
            if state == IdentifierState.RESERVED
        }
        return users, waits


def in_order(users):
    return sorted((identified, sorted(keys), member) for identified, keys, member in users)


@pytest.mark.django_db
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(steps, max_size=8))
def test_users_and_waiting_ids_follow_the_identity_rules(history):
    with transaction.atomic():
        play(history)
        transaction.set_rollback(True)  # a fresh database for the next example


def play(history):
    model, real = Model(), Real()

    for action, named in history:
        if action == "track":
            real.track(*named)
            for key, device_keys in named:
                model.track(key, device_keys)
        else:
            real.name(named, add=action == "add")
            model.name(named, add=action == "add")

    users, waits = real.as_model()
    assert in_order(users) == in_order(
        (user.identified, user.keys, user.member) for user in model.users
    )
    assert waits == model.waiting
    matched = bitmaps.join(known.read_known(real.workspace.pk)) & real.members()
    assert len(matched) == sum(user.member for user in model.users)
    assert waiting.count(real.workspace.pk) == len(model.waiting)
    call_command("check_membership", stdout=StringIO())
