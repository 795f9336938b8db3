"""Users appear, merge and go, devices move and partners name ids, all at once; then the proof."""

import random
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from cohorts import runner
from cohorts.tests.factories import accept, alias, apply_all, make_cohort
from profiles import aliases as naming
from profiles import deletion, merging, purging, rules, tasks
from profiles.aliases import NewAlias, Renaming
from profiles.merging import Identification, Merge
from profiles.models import Profile
from profiles.tests.connections import at_once
from profiles.users_api import track, updates
from tests.factories import make_workspace

USERS = [f"user {number}" for number in range(12)]
DEVICES = [f"device {number}" for number in range(12)]
CALLS = 25
TOMORROW = timezone.now() + timedelta(days=1)


def back_end(workspace, seed):
    """Keeps tracking users with devices, new and moved, known by external id, alias or device."""
    rng = random.Random(seed)

    def item():
        devices = [{"device_id": device} for device in rng.sample(DEVICES, rng.randint(1, 2))]
        return rng.choice(
            [
                {"external_id": rng.choice(USERS), "devices": devices},
                {"_create_anonymous": True, "devices": devices},
                {
                    "user_alias": alias("crm", rng.choice(USERS)),
                    "_update_existing_only": False,
                    "devices": devices,
                },
            ]
        )

    def work():
        for number in range(CALLS):
            entries = [{**item(), "n": number} for _ in range(rng.randint(1, 4))]
            items, problems = track.decode({"attributes": entries})
            assert not problems
            updates.apply(workspace, items, by="test")

    return work


def partner(cohort, seed):
    """Keeps naming the same users, and has it applied."""
    rng = random.Random(seed)

    def work():
        for _ in range(CALLS):
            accept(
                cohort,
                {
                    "user_ids": rng.sample(USERS, 3),
                    "device_ids": rng.sample(DEVICES, 3),
                    "aliases": [alias("crm", rng.choice(USERS))],
                    "should_remove": rng.random() < 0.3,
                },
            )
            runner.run(cohort.pk)

    return work


def identity_changes(workspace, seed):
    """Keeps naming, identifying, merging and deleting them, several in a call."""
    rng = random.Random(seed)

    def external_id():
        return rules.external_id(rng.choice(USERS))

    def name():
        return rules.alias("crm", rng.choice(USERS))

    def user():
        return rng.choice([external_id, name])()

    def add(count):
        items = [NewAlias(n, name(), rng.choice([external_id(), None])) for n in range(count)]
        naming.add(workspace, items, by="test")

    def rename(count):
        naming.rename(workspace, [Renaming(n, name(), name()) for n in range(count)], by="test")

    def identify(count):
        items = [Identification(n, name(), external_id()) for n in range(count)]
        merging.identify(workspace, items, by="test")

    def merge(count):
        merging.merge(workspace, [Merge(n, user(), user()) for n in range(count)], by="test")

    def delete(count):
        deletion.delete(workspace, keys=[user() for _ in range(count)], by="test")

    def work():
        for _ in range(CALLS):
            rng.choice([add, rename, identify, merge, delete])(rng.randint(1, 3))

    return work


def tidying(workspace):
    """Folds what came and went, and purges whoever waits."""

    def work():
        for number in range(CALLS):
            tasks.fold_known()
            if number % 5 == 0:
                purging.purge(workspace, before=TOMORROW, by="test")

    return work


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_lost_between_identities_and_memberships(seed):
    workspace = make_workspace()
    spring, summer = make_cohort(workspace, "spring"), make_cohort(workspace, "summer")

    at_once(
        back_end(workspace, seed),
        back_end(workspace, seed + 100),
        partner(spring, seed),
        partner(summer, seed + 100),
        tidying(workspace),
    )
    apply_all()

    call_command("check_membership")
    assert Profile.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_lost_while_users_merge_and_go(seed):
    workspace = make_workspace()
    spring, summer = make_cohort(workspace, "spring"), make_cohort(workspace, "summer")

    at_once(
        back_end(workspace, seed),
        identity_changes(workspace, seed),
        identity_changes(workspace, seed + 100),
        partner(spring, seed),
        partner(summer, seed + 100),
        tidying(workspace),
    )
    apply_all()

    call_command("check_membership")
