"""Users appear, merge and go, devices move and partners name ids, all at once; then the proof.

Everybody works on the same few users with real transactions. Whatever raises ends the test,
a deadlock among it, and PostgreSQL is asked whether it had to break one.
"""

import random
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from cohorts.applying.apply import apply_batch
from cohorts.models import Upload
from cohorts.tests.factories import accept, alias, apply_all, make_cohort
from profiles import aliases as naming
from profiles import deletion, merging, purging, rules, tasks
from profiles.aliases import NewAlias, Renaming
from profiles.importing import users
from profiles.locks import own_identities
from profiles.merging import Identification, Merge
from profiles.models import Identifier, IdentifierState, Profile
from profiles.tests.connections import at_once
from profiles.users_api import track, updates
from tests.factories import make_workspace

USERS = [f"user {number}" for number in range(12)]
DEVICES = [f"device {number}" for number in range(12)]
CALLS = 25
FILES = 6
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
            apply_batch(cohort.workspace_id, cohort.pk, most_ids=10**6)

    return work


def importing(workspace, seed, folder):
    """Keeps importing files of them, by one kind of id after another."""
    rng = random.Random(seed)
    path = folder / "users.csv"

    def work():
        for number in range(FILES):
            header, before, names = [
                ("external_id", "", USERS),
                ("alias_label,alias_name", "crm,", USERS),
                ("device_id", "", DEVICES),
            ][number % 3]
            rows = [f"{before}{name},{number}" for name in rng.sample(names, len(names))]
            path.write_text("\n".join([f"{header},n:number", *rows]))
            users.run(workspace, path, by="test")

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
    """Folds what came and went, lets days pass, and purges whoever waits."""

    def work():
        for number in range(CALLS):
            tasks.fold_known()
            let_days_pass(workspace)
            if number % 5 == 0:
                purging.purge(workspace, before=TOMORROW, by="test")

    return work


@transaction.atomic
def let_days_pass(workspace):
    """As if nobody had named for days what waits now, so that it is noted when somebody does."""
    own_identities(workspace.pk)
    waiting = Identifier.objects.filter(workspace=workspace, state=IdentifierState.RESERVED)
    waiting.update(last_named_at=timezone.now() - timedelta(days=2))


def deadlocks():
    """How many PostgreSQL has broken so far, in connections that are closed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return cursor.fetchone()[0]


@pytest.fixture
def acme(transactional_db):
    """Whatever was done to it, everything is accounted for afterwards."""
    before = deadlocks()
    workspace = make_workspace("acme")
    yield workspace
    apply_all()
    call_command("check_membership")
    assert deadlocks() == before
    assert Profile.objects.exists()
    assert Upload.objects.filter(applied_at=None).count() == 0
    assert Upload.objects.count() == 2 * CALLS


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_lost_between_identities_and_memberships(acme, seed):
    spring, summer = make_cohort(acme, "spring"), make_cohort(acme, "summer")

    at_once(
        back_end(acme, seed),
        back_end(acme, seed + 100),
        partner(spring, seed),
        partner(summer, seed + 100),
        tidying(acme),
    )


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_lost_while_users_merge_and_go(acme, seed, tmp_path):
    spring, summer = make_cohort(acme, "spring"), make_cohort(acme, "summer")

    at_once(
        back_end(acme, seed),
        identity_changes(acme, seed),
        identity_changes(acme, seed + 100),
        importing(acme, seed, tmp_path),
        partner(spring, seed),
        partner(summer, seed + 100),
        tidying(acme),
    )


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4, 14))
def test_nothing_is_lost_at_length(acme, seed, tmp_path):
    test_nothing_is_lost_while_users_merge_and_go(acme, seed, tmp_path)
