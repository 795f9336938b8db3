"""One transaction stopped where it hurts, and another that comes in between.

Whoever applies, imports or purges is stopped by a lock on the last row that it needs, when
it has looked ids up and not written yet. Which lock keeps the other out is no matter here:
without it, the other goes on at once, and what remains is wrong.
"""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from cohorts.applying.apply import apply_batch
from cohorts.models import Block, Upload
from cohorts.tests.factories import (
    accept,
    adds,
    apply_all,
    make_cohort,
    make_users,
    members_of,
    outcome_of,
)
from profiles import aliases, deletion, merging, purging, rules, waiting
from profiles.aliases import NewAlias
from profiles.importing import users
from profiles.merging import Merge
from profiles.models import DeletedId, Identifier, Profile
from profiles.tests.connections import aside, await_blocked, held
from profiles.users_api import track, updates
from tests.factories import make_workspace

pytestmark = pytest.mark.django_db(transaction=True)

ANA, BOB = rules.external_id("ana"), rules.external_id("bob")


@pytest.fixture
def acme(transactional_db):
    return make_workspace("acme")


@pytest.fixture
def spring(acme):
    """A cohort that holds Zoe."""
    cohort = make_cohort(acme)
    make_users(acme, ["zoe"])
    upload(cohort, "zoe")
    return cohort


def upload(cohort, *external_ids):
    accept(cohort, adds(*external_ids))
    apply_all()


def track_users(acme, *external_ids):
    entries = [{"external_id": external_id, "seen": True} for external_id in external_ids]
    items, problems = track.decode({"attributes": entries})
    assert not problems
    updates.apply(acme, items, by="test")


def apply_one(acme, cohort):
    return lambda: apply_batch(acme.pk, cohort.pk, most_ids=10**6)


def merge_ana_into_bob(acme):
    return lambda: merging.merge(acme, [Merge(0, ANA, BOB)], by="test")


def delete_ana(acme):
    return lambda: deletion.delete(acme, keys=[ANA], by="test")


def import_users(acme, folder, *external_ids):
    """From Nice, all of them."""
    path = folder / "users.csv"
    path.write_text("\n".join(["external_id,city", *(f"{each},Nice" for each in external_ids)]))
    return lambda: users.run(acme, path, by="test")


def between(rows, first, second):
    """Stop `first` where it needs `rows`, which another holds; start `second`; let all go on.

    `second` waits for `first`, or would be done already if nothing kept it out. Returns what
    both returned.
    """
    with held(lambda: list(rows.select_for_update())) as let_go, aside(first) as (stopped,):
        await_blocked()
        with aside(second) as (interfering,):
            await_blocked(2, unless=interfering)
            let_go()
    call_command("check_membership")
    return stopped.result(), interfering.result()


def while_held(first, second):
    """Start `second` while `first` is done and not committed; what `second` returned."""
    with held(first) as commit, aside(second) as (interfering,):
        await_blocked(unless=interfering)
        commit()
    return interfering.result()


def names_of(cohort):
    members = Profile.objects.filter(pk__in=members_of(cohort))
    return sorted(members.values_list("external_id", flat=True))


def test_a_merge_between_an_apply_s_look_and_its_write_moves_what_was_added(acme, spring):
    make_users(acme, ["ana", "bob"])
    accept(spring, adds("ana"))

    between(Block.objects.filter(cohort=spring), apply_one(acme, spring), merge_ana_into_bob(acme))

    assert outcome_of(spring, 2) == {"added": 1}
    assert names_of(spring) == ["bob", "zoe"]


def test_a_deletion_between_an_apply_s_look_and_its_write_takes_out_what_was_added(acme, spring):
    make_users(acme, ["ana"])
    accept(spring, adds("ana"))

    between(Block.objects.filter(cohort=spring), apply_one(acme, spring), delete_ana(acme))

    assert outcome_of(spring, 2) == {"added": 1}
    assert names_of(spring) == ["zoe"]
    assert len(members_of(spring)) == 1


def test_a_purge_between_an_apply_s_look_and_its_write_takes_out_what_was_added(acme, spring):
    autumn = make_cohort(acme, "autumn")
    upload(autumn, "ana")
    accept(spring, adds("ana"))

    between(
        Block.objects.filter(cohort=spring),
        apply_one(acme, spring),
        lambda: purging.purge(acme, before=timezone.now(), by="test"),
    )

    assert outcome_of(spring, 2) == {"waiting": 1}
    assert names_of(spring) == ["zoe"]
    assert (len(members_of(spring)), len(members_of(autumn))) == (1, 0)
    assert waiting.count(acme.pk) == 0


def test_a_user_who_claims_an_id_that_a_purge_is_taking_away_starts_in_no_cohort(acme, spring):
    upload(spring, "ana")

    purged, _ = between(
        Block.objects.filter(cohort=spring),
        lambda: purging.purge(acme, before=timezone.now(), by="test"),
        lambda: track_users(acme, "ana"),
    )

    assert purged == 1
    assert names_of(spring) == ["zoe"]
    assert waiting.count(acme.pk) == 0


def test_a_purge_leaves_the_user_who_claimed_an_id_since_it_looked(acme, spring):
    upload(spring, "ana")

    purged = while_held(
        lambda: track_users(acme, "ana"),
        lambda: purging.purge(acme, before=timezone.now(), by="test"),
    )

    assert purged == 0
    assert names_of(spring) == ["ana", "zoe"]
    call_command("check_membership")


def test_a_purge_leaves_an_id_that_was_named_again_since_it_looked(acme, spring):
    upload(spring, "ana")
    Identifier.objects.filter(value="ana").update(last_named_at=timezone.now() - timedelta(days=40))
    accept(spring, adds("ana"))

    purged = while_held(apply_one(acme, spring), lambda: purging.purge(acme, by="test"))

    assert purged == 0
    assert len(members_of(spring)) == 2
    call_command("check_membership")


def test_an_apply_does_not_wait_for_a_call_that_claims_an_id_that_it_names_again(acme, spring):
    """Both lock the id's row, each in an order of its own: waiting could end in a deadlock."""
    upload(spring, "ana")
    Identifier.objects.filter(value="ana").update(last_named_at=timezone.now() - timedelta(days=2))
    accept(spring, adds("ana"))

    with held(lambda: track_users(acme, "ana")), aside(apply_one(acme, spring)) as (applying,):
        await_blocked(unless=applying)
        assert applying.done()

    assert outcome_of(spring, 3) == {"already_in": 1}
    assert names_of(spring) == ["ana", "zoe"]


def test_a_request_that_a_deletion_could_not_see_skips_the_id_all_the_same(acme, spring):
    make_users(acme, ["ana", "bob"])

    with held(lambda: accept(spring, adds("ana", "bob"))):
        deletion.delete(acme, keys=[ANA], by="test")
        assert not Upload.objects.filter(sequence=2).exists()
    apply_all()

    assert DeletedId.objects.exists()
    assert outcome_of(spring, 2) == {"added": 1, "deleted": 1}
    assert names_of(spring) == ["bob", "zoe"]
    call_command("check_membership")


def test_a_merge_between_an_import_s_look_and_its_write_takes_over_what_it_wrote(acme, tmp_path):
    make_users(acme, ["ana", "bob"])

    job, _ = between(
        Profile.objects.filter(external_id="ana"),
        import_users(acme, tmp_path, "ana"),
        merge_ana_into_bob(acme),
    )

    assert job.counts == {"created": 0, "updated": 1}
    assert Profile.objects.get().attributes == {"city": "Nice"}


@pytest.mark.parametrize("waits", [False, True])
def test_an_import_updates_the_user_whom_a_call_created_since_it_looked(acme, tmp_path, waits):
    if waits:
        upload(make_cohort(acme), "ana")

    job = while_held(lambda: track_users(acme, "ana"), import_users(acme, tmp_path, "ana"))

    assert job.counts == {"created": 0, "updated": 1}
    assert Profile.objects.get().attributes == {"city": "Nice", "seen": True}
    call_command("check_membership")


def test_of_two_aliases_with_one_label_the_user_gets_the_first(acme):
    make_users(acme, ["ana"])

    def name_ana(name):
        item = NewAlias(0, rules.alias("crm", name), ANA)
        return lambda: aliases.add(acme, [item], by="test")

    second = while_held(name_ana("7"), name_ana("8"))

    assert second.problems
    assert Identifier.objects.get(label="crm").value == "7"


@pytest.mark.parametrize(
    ("way", "before"),
    [
        *(("a call", before) for before in ("nobody", "waiting", "users")),
        *(("an import", before) for before in ("nobody", "waiting", "users")),
        ("an apply", "nobody"),
    ],
)
def test_ids_and_users_are_taken_in_one_order_so_that_nobody_waits_in_a_circle(
    acme, tmp_path, spring, way, before
):
    last = [f"z{number}" for number in range(10)]
    names = ["m", *last]
    if before == "waiting":
        upload(spring, *names)
    elif before == "users":
        make_users(acme, names)
    accept(spring, adds(*reversed(names)))
    take = {
        "a call": lambda: track_users(acme, *reversed(names)),
        "an import": import_users(acme, tmp_path, *reversed(names)),
        "an apply": apply_one(acme, spring),
    }[way]

    with held(lambda: track_users(acme, "m")) as commit, aside(take):
        await_blocked()
        with aside(lambda: track_users(acme, *last)) as (others,):
            await_blocked(2, unless=others)
            assert others.done(), "it was kept waiting by who waits for m"
            commit()
