"""The identity rules of the HTTP contract, each as its sentence, through the calls themselves."""

import pytest
from django.core.management import call_command

from cohorts.models import Upload
from cohorts.tests.audience import adds_aliases, adds_devices, cohort_of, members, owner, upload
from cohorts.tests.factories import Connector, adds, apply_all, outcome_of, removes
from profiles import waiting
from profiles.models import Identifier, IdentifierState, Profile
from profiles.tests.backend import BackEnd, alias, by_alias, customer, reasons, user, visitor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def proof(db):
    """Whatever a test did, users, cohorts and waiting room agree afterwards."""
    yield
    call_command("check_membership")


# 1. Identified means: has an external id. It never goes back to anonymous.


def test_a_user_with_an_external_id_is_identified_and_no_call_takes_it_back(shop):
    shop.track(customer("ana"), visitor("7", "phone"))
    shop.identify((alias("7"), "bob"))

    assert shop.known_by("ana").is_identified
    shop.track(customer("ana", email=None))
    assert reasons(shop.identify((alias("7"), "eve"))) == {
        0: "user_alias belongs to a user with another external_id"
    }
    assert shop.known_by("bob").is_identified
    assert shop.known_by("eve") is None


# 2. What is unique, and to whom a device belongs.


def test_an_alias_pair_belongs_to_one_user_and_a_user_has_one_name_per_label(shop):
    shop.track(customer("ana"), customer("bob"))

    first = shop.alias_new({**user("ana"), **alias("7")})
    other = shop.alias_new(
        {**user("bob"), **alias("7")},
        {**user("ana"), **alias("8")},
        {**user("bob"), **alias("7", "shop")},
    )

    assert first.json() == {"aliases_processed": 1, "message": "success"}
    assert reasons(other) == {
        0: "the alias belongs to another user",
        1: "the user has another alias with that alias_label",
    }
    assert other.json()["aliases_processed"] == 1
    assert not Identifier.objects.filter(value="8").exists()


def test_a_device_belongs_to_the_last_call_that_named_it_and_moves_no_membership(shop, tinyclues):
    shop.track(visitor("7", "phone"))
    upload(tinyclues, adds_devices("phone"))
    first = owner("phone")

    shop.track(visitor("8", "phone"))

    assert owner("phone") == owner("8") != first
    assert members() == {first}


# 3. External ids and aliases match always, a device id only while its user is anonymous.


def test_external_ids_and_aliases_match_their_user_identified_or_not(shop, tinyclues):
    shop.track(customer("ana"), visitor("8"))
    shop.alias_new({**user("ana"), **alias("7")})

    assert upload(tinyclues, adds_aliases("7", "8")) == {"added": 2}
    assert members() == {"ana", owner("8")}
    assert upload(tinyclues, removes("ana")) == {"removed": 1}


def test_a_device_of_an_identified_user_is_ignored_for_adds_and_removes_alike(shop, tinyclues):
    shop.track(visitor("7", "phone"), customer("ana", "tablet"))
    assert upload(tinyclues, adds_devices("phone", "tablet")) == {"added": 1, "ignored_device": 1}
    shop.identify((alias("7"), "bob"))

    assert upload(tinyclues, {**adds_devices("phone"), "should_remove": True}) == {
        "ignored_device": 1
    }
    assert upload(tinyclues, adds_devices("phone"), cohort_id="summer") == {"ignored_device": 1}
    assert members() == {"bob"}


# 4. An id is looked up as its own kind only.


def test_a_device_id_among_user_ids_is_not_a_device(shop, tinyclues):
    shop.track(visitor("7", "phone"))

    assert upload(tinyclues, adds("phone", "7"), adds_aliases("phone")) == {"waiting": 3}


# 5. Several ids of one user give one membership.


def test_several_ids_of_one_user_count_several_times_and_give_one_membership(shop, tinyclues):
    shop.track(visitor("7", "phone"))
    shop.alias_new(alias("8"))

    outcome = upload(tinyclues, adds_aliases("7"), adds_devices("phone"))

    assert outcome == {"added": 1, "repeated": 1}
    assert len(members()) == 1


# 6. Identify, external id new.


def test_identify_with_a_new_external_id_keeps_profile_aliases_and_memberships(shop, tinyclues):
    shop.track(visitor("7", "phone", city="Lyon"))
    shop.track(visitor("7", "tablet"))
    upload(tinyclues, adds_devices("phone"))
    before = Profile.objects.get()

    answer = shop.identify((alias("7"), "ana"))

    assert answer.status_code == 201
    assert answer.json() == {"aliases_processed": 1, "message": "success"}
    ana = Profile.objects.get()
    assert (ana.pk, ana.external_id) == (before.pk, "ana")
    assert (ana.attributes, ana.created_at) == ({"city": "Lyon"}, before.created_at)
    assert owner("7") == owner("ana") == ana.pk
    assert members() == {"ana"}
    states = Identifier.objects.filter(kind=3).values_list("state", flat=True)
    assert set(states) == {IdentifierState.MUTED}


def test_identify_with_an_external_id_that_waits_joins_the_cohorts_that_named_it(shop, tinyclues):
    shop.track(visitor("7"))
    upload(tinyclues, adds("ana"))
    upload(tinyclues, adds_aliases("7"), cohort_id="summer")

    shop.identify((alias("7"), "ana"))

    assert members("spring") == members("summer") == {"ana"}
    assert waiting.count(shop.workspace.pk) == 0
    assert Profile.objects.count() == 1


def test_identify_with_an_alias_that_nobody_has_does_nothing_and_says_so(shop, tinyclues):
    upload(tinyclues, adds_aliases("7"))

    answer = shop.identify((alias("7"), "ana"), (alias("8"), "bob"))

    assert answer.json()["aliases_processed"] == 0
    assert reasons(answer) == dict.fromkeys([0, 1], "user_alias names nobody")
    assert not Profile.objects.exists()
    assert waiting.count(shop.workspace.pk) == 1


def test_identify_again_is_processed_and_changes_nothing(shop):
    shop.track(visitor("7"))
    shop.identify((alias("7"), "ana"))

    assert shop.identify((alias("7"), "ana")).json()["aliases_processed"] == 1
    assert Profile.objects.count() == 1


# 7. Identify, external id taken.


def test_identify_with_a_taken_external_id_merges_and_the_identified_values_win(shop, tinyclues):
    shop.track(visitor("7", "phone", city="Lyon", age=30, vip=True))
    early = Profile.objects.get().created_at
    shop.track(customer("ana", city="Nice"))
    upload(tinyclues, adds_aliases("7"))
    upload(tinyclues, adds("ana"), cohort_id="summer")
    upload(tinyclues, adds("ana"), adds_aliases("7"), cohort_id="both")

    answer = shop.identify((alias("7"), "ana"))

    assert answer.json() == {"aliases_processed": 1, "message": "success"}
    ana = Profile.objects.get()
    assert ana.attributes == {"city": "Nice", "age": 30, "vip": True}
    assert ana.created_at == early
    assert owner("7") == owner("phone") == ana.pk
    assert Identifier.objects.get(value="phone").state == IdentifierState.MUTED
    assert members("spring") == members("summer") == members("both") == {"ana"}


def test_a_pair_whose_label_is_taken_is_left_out_and_reported(shop, tinyclues):
    shop.track(visitor("7"), customer("ana"))
    shop.alias_new({**user("ana"), **alias("1")})
    upload(tinyclues, adds_aliases("7"))

    answer = shop.identify((alias("7"), "ana"))

    assert answer.json()["aliases_processed"] == 1
    assert reasons(answer) == {
        0: "the surviving user has another alias with alias_label crm: 7 was left out"
    }
    assert owner("1") == shop.known_by("ana").pk
    assert not Identifier.objects.filter(value="7").exists()
    assert members() == {"ana"}
    assert upload(tinyclues, adds_aliases("7"), cohort_id="summer") == {"waiting": 1}


# 8. Merge.


def test_merge_joins_any_two_users_and_their_memberships(shop, tinyclues):
    shop.track(customer("ana", city="Nice"), customer("bob", "phone", city="Lyon", age=30))
    shop.alias_new({**user("bob"), **alias("7")})
    upload(tinyclues, adds("bob"))

    answer = shop.merge((user("bob"), user("ana")))

    assert (answer.status_code, answer.json()) == (202, {"message": "success"})
    ana = Profile.objects.get()
    assert (ana.external_id, ana.attributes) == ("ana", {"city": "Nice", "age": 30})
    assert owner("7") == owner("phone") == ana.pk
    assert members() == {"ana"}


def test_the_external_id_of_a_merged_away_user_goes_on_naming_the_survivor(shop, tinyclues):
    shop.track(customer("ana"), customer("bob"))
    shop.merge((user("bob"), user("ana")))

    shop.track(customer("bob", age=30))
    assert upload(tinyclues, adds("bob")) == {"added": 1}

    assert Profile.objects.get().attributes == {"age": 30}
    assert members() == {"ana"}
    assert shop.delete("bob").json()["deleted"] == 1
    assert not Identifier.objects.exists()


def test_a_survivor_without_an_external_id_takes_it_as_its_own(shop, tinyclues):
    shop.track(customer("ana", "tablet"), visitor("7", "phone"))
    upload(tinyclues, adds_devices("phone"))
    survivor = owner("7")

    shop.merge((user("ana"), by_alias("7")))

    ana = Profile.objects.get()
    assert (ana.pk, ana.external_id) == (survivor, "ana")
    assert upload(tinyclues, adds_devices("phone", "tablet")) == {"ignored_device": 2}
    assert members() == {"ana"}


def test_updates_of_one_call_are_carried_out_in_order(shop, tinyclues):
    shop.track(*(customer(name, **{name: 1}) for name in ("ana", "bob", "eve")), visitor("7"))
    upload(tinyclues, adds("ana"), adds_aliases("7"))

    answer = shop.merge(
        (user("ana"), user("bob")),
        (by_alias("7"), user("ana")),
        (user("bob"), user("eve")),
        (user("ana"), user("bob")),
    )

    assert reasons(answer) == {3: "both identifiers name the same user"}
    eve = Profile.objects.get()
    assert (eve.external_id, eve.attributes) == ("eve", {"ana": 1, "bob": 1, "eve": 1})
    assert members() == {"eve"}


def test_in_a_chain_the_nearer_users_values_win(shop):
    shop.track(customer("ana", city="Nice", age=1), customer("bob", city="Lyon"), customer("eve"))

    shop.merge((user("ana"), user("bob")), (user("bob"), user("eve")))

    assert Profile.objects.get().attributes == {"city": "Lyon", "age": 1}


def test_a_user_is_merged_by_the_profile_id_too_but_not_once_gone(shop):
    shop.track(customer("ana"), customer("bob"))
    bob = {"braze_id": str(shop.known_by("bob").pk)}

    shop.merge((bob, user("ana")))

    assert reasons(shop.merge((bob, user("ana")))) == {0: "identifier_to_merge names nobody"}
    assert shop.known_by("bob") == shop.known_by("ana")


# 9. Delete.


def test_a_deleted_user_is_gone_from_every_cohort_and_the_ids_are_free(shop, tinyclues):
    shop.track(customer("ana", "phone", age=30))
    shop.alias_new({**user("ana"), **alias("7")})
    upload(tinyclues, adds("ana"))
    upload(tinyclues, adds_aliases("7"), cohort_id="summer")
    gone = shop.known_by("ana").pk

    answer = shop.delete("ana")

    assert (answer.status_code, answer.json()) == (201, {"deleted": 1, "message": "success"})
    assert members("spring") == members("summer") == set()
    assert not Identifier.objects.exists()
    shop.track(customer("ana"), visitor("7", "phone"))
    assert members("spring") == members("summer") == set()
    assert shop.known_by("ana").attributes == {}
    assert gone not in Profile.objects.values_list("pk", flat=True)


def test_any_id_of_a_user_deletes_the_whole_person_once(shop):
    shop.track(customer("ana"), visitor("7"), visitor("8"), customer("bob"))
    shop.alias_new({**user("ana"), **alias("9")})
    eight = str(owner("8"))

    assert shop.delete("nobody").json()["deleted"] == 0
    assert shop.delete(user_aliases=[alias("9"), alias("7"), alias("9")]).json()["deleted"] == 2
    assert shop.delete(braze_ids=[eight, eight, "123456789"]).json()["deleted"] == 1
    assert shop.delete("ana", "bob").json()["deleted"] == 1
    assert not Identifier.objects.exists()


def test_deleting_an_id_that_waits_ends_its_waiting_and_counts_nobody(shop, tinyclues):
    upload(tinyclues, adds("ana", "bob"))

    assert shop.delete("ana").json()["deleted"] == 0

    assert len(members()) == 1
    assert waiting.count(shop.workspace.pk) == 1
    shop.track(customer("ana"))
    assert shop.known_by("ana").pk not in members()


# 10. A user who appears after a cohort named them.


def test_a_user_who_appears_is_in_the_cohorts_that_named_them_and_not_removed_them(shop, tinyclues):
    upload(tinyclues, adds("ana", "bob"), adds_aliases("7"))
    upload(tinyclues, removes("bob"))

    shop.track(customer("ana"), customer("bob"))
    shop.alias_new(alias("7"))

    assert members() == {"ana", owner("7")}


def test_an_alias_that_waits_joins_the_user_who_gets_it(shop, tinyclues):
    shop.track(customer("ana"))
    upload(tinyclues, adds_aliases("7"))

    shop.alias_new({**user("ana"), **alias("7")})

    assert members() == {"ana"}
    assert waiting.count(shop.workspace.pk) == 0


def test_a_waiting_device_whose_user_turns_up_identified_leaves_without_joining(shop, tinyclues):
    upload(tinyclues, adds_devices("phone", "tablet"))

    shop.track(customer("ana", "phone"))

    assert shop.known_by("ana").pk not in members()
    assert waiting.count(shop.workspace.pk) == 1


# 11. Waiting means: named by the cohort, and matching nobody yet.


def test_a_device_of_an_identified_user_is_ignored_and_does_not_wait(shop, tinyclues):
    shop.track(customer("ana", "phone"))

    assert upload(tinyclues, adds_devices("phone", "unknown")) == {
        "ignored_device": 1,
        "waiting": 1,
    }


# 12. An upload takes effect when it is applied, and identity is that of that moment.


def test_an_upload_finds_who_an_id_names_when_it_is_applied(shop, tinyclues):
    shop.track(customer("ana"), customer("bob"), visitor("7", "phone"))
    tinyclues.change([adds("bob"), adds_devices("phone")])
    shop.merge((user("bob"), user("ana")))
    shop.identify((alias("7"), "eve"))

    apply_all()

    assert members() == {"ana"}
    assert outcome_of(cohort_of(), 1) == {"added": 1, "ignored_device": 1}


def test_an_id_deleted_since_the_request_was_accepted_is_skipped_and_counted(shop, tinyclues):
    shop.track(customer("ana"), customer("bob"), visitor("7", "phone"))
    tinyclues.change([adds("ana", "bob", "ana"), adds_aliases("7"), adds_devices("phone")])
    tinyclues.change([adds("ana", "eve"), removes("bob")], "summer")

    shop.delete("ana")
    shop.delete(user_aliases=[alias("7")])
    apply_all()

    assert outcome_of(cohort_of("spring"), 1) == {"added": 1, "deleted": 4}
    assert outcome_of(cohort_of("summer"), 1) == {"waiting": 1, "not_in": 1, "deleted": 1}
    assert members("spring") == {"bob"}


def test_an_id_that_a_new_user_took_stays_skipped_where_it_was_named_before(shop, tinyclues):
    shop.track(customer("ana"))
    tinyclues.add("ana")
    shop.delete("ana")
    tinyclues.add("ana", cohort_id="summer")
    shop.track(customer("ana"))

    apply_all()

    assert outcome_of(cohort_of("spring"), 1) == {"deleted": 1}
    assert outcome_of(cohort_of("summer"), 1) == {"added": 1}
    assert members("spring") == set()
    assert members("summer") == {"ana"}


def test_a_deletion_clears_the_id_from_payloads_that_are_kept(shop, tinyclues):
    shop.track(customer("ana"), visitor("7", "phone"))
    tinyclues.change([adds("bob", "ana"), adds_aliases("7", "8"), adds_devices("x", "phone")])

    shop.delete("ana", "nobody")
    shop.delete(user_aliases=[alias("7")])

    kept = Upload.objects.get()
    assert kept.external_ids == ["bob", None]
    assert (kept.alias_labels, kept.alias_names) == ([None, "crm"], [None, "8"])
    assert kept.device_ids == ["x", None]


def test_an_unknown_id_that_is_deleted_does_not_begin_to_wait_afterwards(shop, tinyclues):
    tinyclues.add("ana", "bob")

    assert shop.delete("ana").json()["deleted"] == 0
    apply_all()

    assert outcome_of(cohort_of(), 1) == {"waiting": 1, "deleted": 1}


def test_the_same_ids_in_another_workspace_are_left_alone(shop, tinyclues):
    globex, segment = BackEnd("globex"), Connector("globex", "segment")
    for back_end in (shop, globex):
        back_end.track(customer("ana"), visitor("7"))
    segment.change([adds("ana"), adds_aliases("7")])

    shop.delete("ana")
    shop.merge((by_alias("7"), user("ana")))
    shop.identify((alias("7"), "ana"))
    apply_all()

    assert outcome_of(cohort_of(), 1) == {"added": 2}
    assert members() == {
        "ana",
        Identifier.objects.get(workspace=globex.workspace, value="7").profile_id,
    }
