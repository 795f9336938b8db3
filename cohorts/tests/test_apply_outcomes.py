"""What applying makes of each id: the outcome of every request, and who is in the cohort."""

import pytest

from cohorts.models import CohortCursor, Upload
from cohorts.tests.factories import (
    accept,
    adds,
    alias,
    apply_all,
    known_members_of,
    make_anonymous,
    make_cohort,
    make_users,
    members_of,
    name_user,
    outcome_of,
    removes,
    waiting_id,
)
from profiles import waiting
from profiles.models import Identifier, IdentifierKind
from tests.factories import make_workspace

EXTERNAL_ID, ALIAS, DEVICE = IdentifierKind.EXTERNAL_ID, IdentifierKind.ALIAS, IdentifierKind.DEVICE


@pytest.fixture
def acme(db):
    return make_workspace("acme")


@pytest.fixture
def spring(acme):
    return make_cohort(acme, "spring")


def applied(cohort, *objects):
    """The outcome of a request that is accepted and applied alone."""
    sequence = accept(cohort, *objects)
    apply_all()
    return outcome_of(cohort, sequence)


def test_known_users_join_stay_and_leave(acme, spring):
    users = make_users(acme, ["ana", "bob", "cleo"])

    assert applied(spring, adds("ana", "bob")) == {"added": 2}
    assert applied(spring, adds("bob", "cleo")) == {"already_in": 1, "added": 1}
    assert applied(spring, removes("ana", "bob"), adds("cleo")) == {"removed": 2, "already_in": 1}
    assert applied(spring, removes("ana")) == {"not_in": 1}
    assert members_of(spring) == {users["cleo"]}


def test_an_unknown_id_waits_and_is_a_member_that_nobody_is_yet(acme, spring):
    assert applied(spring, adds("new")) == {"waiting": 1}
    assert applied(spring, adds("new")) == {"already_in": 1}

    assert members_of(spring) == {waiting_id(acme, "new")}
    assert known_members_of(spring) == set()
    assert waiting.count(acme.pk) == 1


def test_a_waiting_id_that_is_removed_goes_on_waiting_outside(acme, spring):
    applied(spring, adds("new"))

    assert applied(spring, removes("new")) == {"removed": 1}
    assert applied(spring, removes("new")) == {"not_in": 1}
    assert members_of(spring) == set()


def test_removing_an_id_never_named_does_nothing(acme, spring):
    everything = {"user_ids": ["x"], "device_ids": ["x"], "aliases": [alias("crm", "x")]}

    assert applied(spring, {**everything, "should_remove": True}) == {"unknown": 3}
    assert not Identifier.objects.exists()


def test_a_device_matches_while_its_user_is_anonymous(acme, spring):
    anonymous = make_anonymous(acme)
    name_user(anonymous, DEVICE, "phone")

    assert applied(spring, {"device_ids": ["phone"]}) == {"added": 1}
    assert known_members_of(spring) == {anonymous.pk}
    assert applied(spring, {"device_ids": ["phone"], "should_remove": True}) == {"removed": 1}


def test_a_device_of_an_identified_user_is_ignored_for_adds_and_removes(acme, spring):
    users = make_users(acme, ["ana"])
    ana = acme.profiles.get()
    name_user(ana, DEVICE, "phone")
    applied(spring, adds("ana"))

    assert applied(spring, {"device_ids": ["phone"]}) == {"ignored_device": 1}
    assert applied(spring, {"device_ids": ["phone"], "should_remove": True}) == {
        "ignored_device": 1
    }
    assert members_of(spring) == {users["ana"]}


def test_an_alias_matches_by_label_and_name_identified_or_not(acme, spring):
    make_users(acme, ["ana"])
    ana, anonymous = acme.profiles.get(), make_anonymous(acme)
    name_user(ana, ALIAS, "7", label="crm")
    name_user(anonymous, ALIAS, "7", label="shop")

    named = {"aliases": [alias("crm", "7"), alias("shop", "7"), alias("web", "7")]}

    assert applied(spring, named) == {"added": 2, "waiting": 1}
    assert known_members_of(spring) == {ana.pk, anonymous.pk}


def test_an_id_is_looked_up_as_its_own_kind_only(acme, spring):
    make_users(acme, ["seven"])
    name_user(make_anonymous(acme), DEVICE, "phone")

    assert applied(spring, {"user_ids": ["phone"], "device_ids": ["seven"]}) == {"waiting": 2}
    assert applied(spring, {"aliases": [alias("x", "seven")]}) == {"waiting": 1}
    assert known_members_of(spring) == set()


@pytest.mark.parametrize("other", ["Ana", "ana ", " ana", "aná", "ana\u200b", "ANA"])
def test_ids_are_compared_byte_for_byte(acme, spring, other):
    make_users(acme, ["ana"])

    assert applied(spring, adds(other)) == {"waiting": 1}


def test_several_ids_of_one_user_give_one_membership(acme, spring):
    make_users(acme, ["ana"])
    ana = acme.profiles.get()
    name_user(ana, ALIAS, "7", label="crm")

    outcome = applied(spring, adds("ana", "ana"), {"aliases": alias("crm", "7")})

    assert outcome == {"added": 1, "repeated": 2}


def test_the_last_word_on_a_user_wins_across_kinds_and_objects(acme, spring):
    make_users(acme, ["ana"])
    name_user(acme.profiles.get(), ALIAS, "7", label="crm")
    by_alias = {"aliases": alias("crm", "7")}

    assert applied(spring, removes("ana"), by_alias) == {"added": 1, "repeated": 1}
    assert applied(spring, by_alias, removes("ana")) == {"removed": 1, "repeated": 1}
    assert applied(spring, adds("ana"), {**by_alias, "should_remove": True}) == {
        "not_in": 1,
        "repeated": 1,
    }


def test_adding_and_removing_a_new_id_in_one_request_lets_it_wait_outside(acme, spring):
    assert applied(spring, adds("new"), removes("new")) == {"not_in": 1, "repeated": 1}
    assert applied(spring, removes("other"), adds("other")) == {"waiting": 1, "repeated": 1}
    assert members_of(spring) == {waiting_id(acme, "other")}


def test_many_objects_keep_their_order(acme, spring):
    users = make_users(acme, [f"user {number}" for number in range(50)])
    back_and_forth = [
        change for user in users for change in (adds(user), removes(user), adds(user))
    ] + [removes("user 7")]

    assert applied(spring, *back_and_forth) == {"added": 49, "not_in": 1, "repeated": 101}
    assert members_of(spring) == set(users.values()) - {users["user 7"]}


@pytest.mark.parametrize("off", ["no waiting room", "full"])
def test_without_room_to_wait_unknown_ids_are_counted_as_unknown(acme, spring, off):
    if off == "full":
        acme.waiting_cap = 0
    else:
        acme.waiting_retention_days = 0
    acme.save()
    users = make_users(acme, ["ana"])

    assert applied(spring, adds("ana", "new"), removes("new")) == {"added": 1, "unknown": 2}
    assert members_of(spring) == {users["ana"]}
    assert not Identifier.objects.filter(value="new").exists()


def test_past_the_cap_the_ids_named_last_stay_out(acme, spring):
    acme.waiting_cap = 3
    acme.save()

    assert applied(spring, adds("c", "a", "z", "b", "y")) == {"waiting": 3, "unknown": 2}
    assert set(Identifier.objects.values_list("value", flat=True)) == {"c", "a", "z"}
    assert applied(spring, adds("a", "b")) == {"already_in": 1, "unknown": 1}


def test_an_id_deleted_after_the_request_was_accepted_is_skipped_and_counted(acme, spring):
    users = make_users(acme, ["ana", "bob"])
    first = accept(spring, adds("ana", "gone", "bob"), {"aliases": [alias("crm", "gone")]})
    Upload.objects.update(
        external_ids=["ana", None, "bob"], alias_names=[None], alias_labels=[None]
    )

    apply_all()

    assert outcome_of(spring, first) == {"added": 2, "deleted": 2}
    assert members_of(spring) == set(users.values())


def test_the_payload_gives_way_to_what_the_request_changed(acme, spring):
    users = make_users(acme, ["ana", "bob"])
    applied(spring, adds("ana"))

    applied(spring, adds("bob", "ana"), {**removes("ana"), "device_ids": []})

    upload = Upload.objects.get(sequence=2)
    assert (upload.runs, upload.external_ids, upload.alias_names) == (None, None, None)
    assert set(upload.members_added) == {users["bob"]}
    assert set(upload.members_removed) == {users["ana"]}
    assert upload.ids == 3


def test_a_request_without_ids_is_applied_too(spring):
    assert applied(spring, {"user_ids": []}) == {}
    assert CohortCursor.objects.get().sequence == 1


def test_users_of_another_workspace_are_strangers(acme, spring):
    make_users(make_workspace("globex"), ["ana"])

    assert applied(spring, adds("ana")) == {"waiting": 1}
    assert known_members_of(spring) == set()


def test_the_longest_ids_can_wait(acme, spring):
    longest = {
        "user_ids": ["😀" * 511 + "é", "\U0010fffd" * 512],
        "device_ids": ["日" * 512],
        "aliases": [alias("\U0010fffc" * 255, "\U0010fffd" * 255)],
    }

    assert applied(spring, longest) == {"waiting": 4}
