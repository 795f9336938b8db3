"""Where the identity rules meet: several items of one call on the same users, and odd ids."""

import pytest
from django.core.management import call_command

from cohorts.tests.audience import adds_aliases, adds_devices, members, owner, upload
from cohorts.tests.factories import adds, removes
from profiles import waiting
from profiles.models import Identifier, Profile
from profiles.tests.backend import alias, by_alias, customer, reasons, user, visitor
from workspaces.models import AuditEntry

pytestmark = pytest.mark.django_db

# Four bytes each in UTF-8: the largest that an index has to hold.
WIDE = "\U0001f600"


@pytest.fixture(autouse=True)
def proof(db):
    """Whatever a test did, users, cohorts and waiting room agree afterwards."""
    yield
    call_command("check_membership")


def users():
    return set(Profile.objects.values_list("external_id", flat=True))


def renaming(old, new, label="crm"):
    return {"alias_label": label, "old_alias_name": old, "new_alias_name": new}


# One call, the same users several times.


def test_users_merged_into_each_other_are_one_after_the_first(shop, tinyclues):
    shop.track(customer("ana", city="Nice"), customer("bob", city="Lyon"))
    upload(tinyclues, adds("ana"))

    answer = shop.merge((user("ana"), user("bob")), (user("bob"), user("ana")))

    assert reasons(answer) == {1: "both identifiers name the same user"}
    assert Profile.objects.get().attributes == {"city": "Lyon"}
    assert members() == {"bob"}


def test_a_circle_of_merges_ends_with_whoever_was_left_last(shop, tinyclues):
    shop.track(customer("ana"), customer("bob"), customer("eve"))
    upload(tinyclues, adds("ana"))

    answer = shop.merge(
        (user("ana"), user("bob")), (user("bob"), user("eve")), (user("eve"), user("ana"))
    )

    assert reasons(answer) == {2: "both identifiers name the same user"}
    assert users() == members() == {"eve"}
    assert owner("ana") == owner("bob") == owner("eve")


def test_a_user_merged_twice_in_a_call_takes_the_first_survivor_along(shop):
    shop.track(customer("ana"), customer("bob"), customer("eve"))

    answer = shop.merge((user("ana"), user("bob")), (user("ana"), user("eve")))

    assert not reasons(answer)
    assert users() == {"eve"}


def test_a_merge_with_oneself_fails_by_whatever_ids(shop):
    shop.track(customer("ana"))
    shop.alias_new({**user("ana"), **alias("7")})

    answer = shop.merge((user("ana"), user("ana")), (user("ana"), by_alias("7")))

    assert reasons(answer) == dict.fromkeys([0, 1], "both identifiers name the same user")
    assert users() == {"ana"}


def test_merges_that_fail_leave_those_before_and_after_them(shop, tinyclues):
    shop.track(*(customer(name) for name in ("ana", "bob", "eve", "zoe")))
    upload(tinyclues, adds("ana", "eve", "nobody"))

    answer = shop.merge(
        (user("ana"), user("bob")),
        (user("nobody"), user("bob")),
        (user("bob"), by_alias("7")),
        (user("eve"), user("zoe")),
    )

    assert reasons(answer) == {
        1: "identifier_to_merge names nobody",
        2: "identifier_to_keep names nobody",
    }
    assert users() == {"bob", "zoe"}
    assert {"bob", "zoe"} < members()
    assert waiting.count(shop.workspace.pk) == 1


def test_one_alias_given_twice_in_a_call_stays_with_the_first(shop):
    shop.track(customer("ana"), customer("bob"))

    answer = shop.alias_new(
        {**user("ana"), **alias("7")}, {**user("bob"), **alias("7")}, alias("7")
    )

    assert reasons(answer) == {1: "the alias belongs to another user"}
    assert answer.json()["aliases_processed"] == 2
    assert owner("7") == owner("ana")
    assert Profile.objects.count() == 2


def test_an_alias_only_user_named_twice_in_a_call_is_created_once(shop, tinyclues):
    upload(tinyclues, adds_aliases("7"))

    shop.alias_new(alias("7"), alias("7"), alias("7", "shop"))

    assert Profile.objects.count() == 2
    assert members() == {Identifier.objects.get(label="crm").profile_id}


def test_an_alias_for_an_unknown_external_id_creates_nobody(shop, tinyclues):
    upload(tinyclues, adds("ana"))

    answer = shop.alias_new({**user("ana"), **alias("7")}, {**user("bob"), **alias("8")})

    assert reasons(answer) == dict.fromkeys([0, 1], "external_id names nobody")
    assert not Profile.objects.exists()
    assert waiting.count(shop.workspace.pk) == 1


def test_identifying_one_user_as_two_keeps_the_first(shop):
    shop.track(visitor("7"), customer("bob"))

    answer = shop.identify((alias("7"), "ana"), (alias("7"), "bob"), (alias("7"), "ana"))

    assert reasons(answer) == {1: "user_alias belongs to a user with another external_id"}
    assert answer.json()["aliases_processed"] == 2
    assert users() == {"ana", "bob"}


def test_identifying_two_users_as_one_new_one_merges_the_second_into_the_first(shop, tinyclues):
    shop.track(visitor("7", city="Nice"))
    shop.track(
        {
            **by_alias("8", "shop"),
            "_update_existing_only": False,
            "city": "Lyon",
            "age": 30,
        }
    )
    upload(tinyclues, {"aliases": [alias("8", "shop")]})
    first = owner("7")

    answer = shop.identify((alias("7"), "ana"), (alias("8", "shop"), "ana"))

    assert answer.json() == {"aliases_processed": 2, "message": "success"}
    ana = Profile.objects.get()
    assert (ana.pk, ana.attributes) == (first, {"city": "Nice", "age": 30})
    assert members() == {"ana"}


def test_identifying_as_an_external_id_that_was_merged_away_joins_the_survivor(shop, tinyclues):
    shop.track(customer("ana"), customer("bob"), visitor("7"))
    shop.merge((user("bob"), user("ana")))
    upload(tinyclues, adds_aliases("7"))

    answer = shop.identify((alias("7"), "bob"))

    assert not reasons(answer)
    assert users() == members() == {"ana"}


def test_a_merge_leaves_out_the_alias_whose_label_the_survivor_has(shop, tinyclues):
    shop.track(visitor("7", "phone"), visitor("8"))
    upload(tinyclues, adds_aliases("8"), adds_devices("phone"))
    shop.identify((alias("7"), "ana"))

    answer = shop.merge((by_alias("8"), user("ana")))

    assert reasons(answer) == {
        0: "the surviving user has another alias with alias_label crm: 8 was left out"
    }
    assert users() == members() == {"ana"}
    assert owner("7") == owner("ana")
    assert not Identifier.objects.filter(value="8").exists()


# Alias names under one label.


def test_a_renamed_alias_names_the_same_user_and_the_old_name_is_free(shop, tinyclues):
    shop.track(visitor("7"), customer("ana"))
    upload(tinyclues, adds_aliases("7"))
    first = owner("7")

    answer = shop.alias_update(renaming("7", "8"))

    assert answer.json() == {"aliases_processed": 1, "message": "success"}
    assert members() == {owner("8")} == {first}
    assert not reasons(shop.alias_new({**user("ana"), **alias("7")}))
    assert owner("7") == owner("ana")


def test_renamings_of_one_call_are_carried_out_in_order(shop):
    shop.track(visitor("7"), visitor("8"))
    seven, eight = owner("7"), owner("8")

    answer = shop.alias_update(
        renaming("8", "7"), renaming("7", "9"), renaming("8", "7"), renaming("9", "8")
    )

    assert reasons(answer) == {0: "the new alias belongs to another user"}
    assert (owner("8"), owner("7")) == (seven, eight)


def test_an_unknown_alias_or_one_that_only_waits_cannot_be_renamed(shop, tinyclues):
    upload(tinyclues, adds_aliases("7"))

    answer = shop.alias_update(renaming("7", "8"), renaming("x", "y"))

    assert reasons(answer) == dict.fromkeys([0, 1], "alias_label and old_alias_name name nobody")
    assert answer.json()["aliases_processed"] == 0
    assert waiting.count(shop.workspace.pk) == 1


def test_a_new_name_that_waits_brings_its_memberships(shop, tinyclues):
    shop.track(visitor("7"))
    upload(tinyclues, adds_aliases("8"))

    shop.alias_update(renaming("7", "8"))

    assert members() == {owner("8")} == set(Profile.objects.values_list("pk", flat=True))
    assert waiting.count(shop.workspace.pk) == 0


def test_a_name_is_renamed_to_itself_without_effect(shop):
    shop.track(visitor("7"))

    assert shop.alias_update(renaming("7", "7")).json()["aliases_processed"] == 1
    assert Identifier.objects.count() == 1


# Ids as odd as they may be.


def test_the_longest_ids_are_tracked_named_merged_and_deleted(shop, tinyclues):
    long, label, name = WIDE * 512, WIDE * 255, f"{WIDE * 254}7"
    shop.track(customer(long, WIDE * 512), customer("ana"))
    assert not reasons(shop.alias_new({**user(long), **alias(name, label)}))
    assert upload(tinyclues, adds(long), {"aliases": [alias(name, label)]}) == {
        "added": 1,
        "repeated": 1,
    }

    assert not reasons(shop.merge((by_alias(name, label), user("ana"))))

    assert members() == {"ana"}
    assert shop.delete(user_aliases=[alias(name, label)]).json()["deleted"] == 1
    assert not Identifier.objects.exists()


@pytest.mark.parametrize("text", [r"\ud800", r"\udc00\ud800"])
def test_half_a_surrogate_pair_refuses_the_call_and_changes_nothing(shop, text):
    shop.track(visitor("7"))
    item = f'{{"external_id": "{text}", "user_alias": {{"alias_label": "crm", "alias_name": "7"}}}}'

    answer = shop.post("/users/identify", f'{{"aliases_to_identify": [{item}]}}')

    assert (answer.status_code, answer.json()["message"]) == (400, "Bad Request")
    assert users() == {None}


def test_ids_that_differ_in_a_byte_are_different(shop, tinyclues):
    shop.track(customer("Ana"), customer("ana "), customer("a\u0301na"))
    upload(tinyclues, adds("ana", "\u00e1na"))

    assert waiting.count(shop.workspace.pk) == 2
    assert reasons(shop.merge((user("ana"), user("Ana")))) == {
        0: "identifier_to_merge names nobody"
    }
    assert shop.delete("ANA").json()["deleted"] == 0


# Calls that ask for nothing, and those in which something fails.


@pytest.mark.parametrize(
    ("path", "array", "status"),
    [
        ("alias/new", "user_aliases", 201),
        ("alias/update", "alias_updates", 201),
        ("identify", "aliases_to_identify", 201),
        ("merge", "merge_updates", 202),
        ("delete", "external_ids", 201),
        ("delete", "user_aliases", 201),
        ("delete", "braze_ids", 201),
    ],
)
def test_an_empty_array_succeeds_and_leaves_no_trace(shop, path, array, status):
    before = AuditEntry.objects.count()

    answer = shop.post(f"/users/{path}", {array: []})

    assert (answer.status_code, answer.json()["message"]) == (status, "success")
    assert AuditEntry.objects.count() == before


def test_an_item_that_cannot_be_understood_fails_beside_its_neighbours(shop):
    shop.track(visitor("7"), visitor("8"))

    answer = shop.identify((alias("7"), "ana"), (alias("8"), "b\0b"), (alias("9"), "eve"))

    assert answer.status_code == 201
    assert answer.json()["aliases_processed"] == 1
    assert answer.json()["errors"] == [
        {
            "index": 1,
            "type": "external_id must be a string of 1 to 512 characters without NUL",
            "input_array": "aliases_to_identify",
        },
        {"index": 2, "type": "user_alias names nobody", "input_array": "aliases_to_identify"},
    ]
    assert users() == {"ana", None}


def test_fifty_one_items_change_nothing(shop):
    shop.track(visitor("7"))

    answer = shop.identify(*[(alias("7"), "ana")] * 51)

    assert answer.status_code == 400
    assert answer.json() == {
        "message": "The max number of external_ids and aliases per request was exceeded",
        "errors": ["aliases_to_identify has 51 entries; 50 are allowed"],
    }
    assert users() == {None}


# What waits.


def test_merging_users_of_whom_one_was_waited_for_keeps_each_membership_once(shop, tinyclues):
    upload(tinyclues, adds("ana"), adds_aliases("7"))
    upload(tinyclues, adds("ana", "bob"), cohort_id="summer")
    shop.track(customer("ana"), visitor("7"))

    shop.merge((by_alias("7"), user("ana")))

    assert members("spring") == {"ana"}
    assert len(members("summer")) == 2
    assert waiting.count(shop.workspace.pk) == 1


def test_a_waiting_id_cannot_be_merged_identified_or_renamed_but_deleted(shop, tinyclues):
    shop.track(customer("bob"))
    upload(tinyclues, adds("ana"), adds_aliases("7"), adds_devices("phone"))

    merged = shop.merge((user("ana"), user("bob")), (user("bob"), by_alias("7")))
    identified = shop.identify((alias("7"), "bob"))

    assert len(reasons(merged)) == 2
    assert reasons(identified) == {0: "user_alias names nobody"}
    assert users() == {"bob"}
    assert shop.delete("ana").json()["deleted"] == 0
    assert waiting.count(shop.workspace.pk) == 2


def test_a_removal_after_a_merge_takes_the_survivor_out_by_either_id(shop, tinyclues):
    shop.track(customer("ana"), customer("bob"))
    upload(tinyclues, adds("bob"))
    shop.merge((user("bob"), user("ana")))

    assert upload(tinyclues, removes("bob")) == {"removed": 1}
    assert upload(tinyclues, adds("ana")) == {"added": 1}
    assert upload(tinyclues, removes("bob"), adds("bob")) == {"already_in": 1, "repeated": 1}
    assert members() == {"ana"}
