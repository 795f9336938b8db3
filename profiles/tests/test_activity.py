"""What users did, kept by name: how often, first and last."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from profiles import activity, merging
from profiles.activity import Tally
from profiles.models import Activity, ActivityKind, Profile
from profiles.tests.backend import BackEnd, alias, by_alias, reasons, user
from profiles.tests.connections import at_once

EVENT, PURCHASE = ActivityKind.EVENT.value, ActivityKind.PURCHASE.value
MONDAY = datetime(2026, 3, 2, 10, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)
FRIDAY = MONDAY + timedelta(days=4)


@pytest.fixture
def acme(db):
    return BackEnd()


def visit(who, at=MONDAY, name="visit", **more):
    return {**who, "name": name, "time": at.isoformat(), **more}


def tea(who, at=MONDAY, **more):
    bought = {"product_id": "tea", "currency": "EUR", "price": 4.5, "time": at.isoformat()}
    return {**who, **bought, **more}


def done(profile):
    rows = Activity.objects.filter(profile_id=profile.pk)
    return {(row.kind, row.name): Tally(row.count, row.first_at, row.last_at) for row in rows}


def send(backend, **arrays):
    answer = backend.post("/users/track", arrays)
    assert answer.status_code == 201
    return answer


def test_events_and_purchases_are_counted_by_name_with_the_first_time_and_the_last(acme):
    ana = user("ana")
    send(acme, events=[visit(ana, TUESDAY), visit(ana, MONDAY), visit(ana, name="login")])
    send(acme, events=[visit(ana, FRIDAY)], purchases=[tea(ana, TUESDAY, quantity=3)])

    assert done(acme.known_by("ana")) == {
        (EVENT, "visit"): Tally(3, MONDAY, FRIDAY),
        (EVENT, "login"): Tally(1, MONDAY, MONDAY),
        (PURCHASE, "tea"): Tally(3, TUESDAY, TUESDAY),
    }


def test_an_event_and_a_product_of_one_name_are_two_things(acme):
    send(acme, events=[visit(user("ana"), name="tea")], purchases=[tea(user("ana"))])

    assert done(acme.known_by("ana")).keys() == {(EVENT, "tea"), (PURCHASE, "tea")}


def test_the_same_event_twice_counts_twice(acme):
    send(acme, events=[visit(user("ana")), visit(user("ana"))])

    assert done(acme.known_by("ana"))[EVENT, "visit"].count == 2


def test_what_lies_in_the_future_happened_now(acme):
    before = timezone.now()
    send(acme, events=[visit(user("ana"), before + timedelta(days=30))])

    tally = done(acme.known_by("ana"))[EVENT, "visit"]
    assert before <= tally.first_at == tally.last_at <= timezone.now()


def test_an_event_creates_its_user_by_the_rules_for_attributes(acme):
    answer = send(
        acme,
        events=[
            visit(user("ana")),
            visit({**user("bob"), "_update_existing_only": True}),
            visit(by_alias("7")),
            visit({**by_alias("8"), "_update_existing_only": False}),
            visit({"_create_anonymous": True, "devices": [{"device_id": "phone"}]}),
        ],
    )

    assert answer.json() == {"message": "success", "events_processed": 5}
    assert Profile.objects.count() == Activity.objects.count() == 3
    assert acme.known_by("ana")
    assert not acme.known_by("bob")


def test_a_purchase_finds_the_user_whom_an_attribute_of_the_call_creates(acme):
    answer = send(acme, attributes=[{**user("ana"), "vip": True}], purchases=[tea(user("ana"))])

    assert answer.json() == {
        "message": "success",
        "attributes_processed": 1,
        "purchases_processed": 1,
    }
    assert Profile.objects.get().attributes == {"vip": True}
    assert done(acme.known_by("ana"))[PURCHASE, "tea"].count == 1


def test_a_bad_item_fails_alone_and_is_named_by_array_and_index(acme):
    ana = user("ana")
    answer = send(
        acme,
        attributes=[{**ana, "dob": "soon"}, {**ana, "vip": True}],
        events=[visit(ana), visit({}), "visit"],
        purchases=[tea(ana, price="much"), tea(ana), tea({"braze_id": "99"})],
    )

    body = answer.json()
    assert [body[f"{array}_processed"] for array in ("attributes", "events", "purchases")] == [
        1
    ] * 3
    failed = [(error["input_array"], error["index"]) for error in body["errors"]]
    assert failed == [
        ("attributes", 0),
        ("events", 1),
        ("events", 2),
        ("purchases", 0),
        ("purchases", 2),
    ]
    assert Profile.objects.get().attributes == {"vip": True}


@pytest.mark.parametrize("array", ["attributes", "events", "purchases"])
def test_76_items_are_refused_as_braze_refuses_them(acme, array):
    answer = acme.post("/users/track", {array: [user("ana")] * 76})

    assert answer.status_code == 400
    assert answer.json()["message"] == "Max Input Length Exceeded"
    assert not Profile.objects.exists()


def test_an_identified_user_brings_along_what_the_anonymous_one_did(acme):
    visitor = {**by_alias("7"), "_update_existing_only": False}
    send(acme, events=[visit(visitor, MONDAY), visit(visitor, name="search")])
    send(acme, events=[visit(user("ana"), FRIDAY)], purchases=[tea(user("ana"))])

    acme.identify((alias("7"), "ana"))

    assert done(acme.known_by("ana")) == {
        (EVENT, "visit"): Tally(2, MONDAY, FRIDAY),
        (EVENT, "search"): Tally(1, MONDAY, MONDAY),
        (PURCHASE, "tea"): Tally(1, MONDAY, MONDAY),
    }
    assert Activity.objects.count() == 3


def test_merges_in_a_row_end_with_the_last_survivor_who_did_it_all(acme):
    for name in ("ana", "bob", "cid"):
        send(acme, events=[visit(user(name)), visit(user(name), FRIDAY)])

    answer = acme.merge((user("ana"), user("bob")), (user("bob"), user("cid")))

    assert reasons(answer) == {}
    assert done(acme.known_by("cid")) == {(EVENT, "visit"): Tally(6, MONDAY, FRIDAY)}
    assert Activity.objects.count() == 1


def test_a_merge_in_the_dashboard_adds_up_the_same(acme):
    send(acme, events=[visit(user("ana")), visit(user("bob"))])
    ana, bob = acme.known_by("ana"), acme.known_by("bob")

    merging.merge_profiles(acme.workspace, ana.pk, bob.pk, by="tests")

    assert done(bob)[EVENT, "visit"].count == 2


def test_deleting_a_user_forgets_what_they_did_and_nobody_else_does_it(acme):
    send(acme, events=[visit(user("ana")), visit(user("bob"))])

    acme.delete("ana")

    assert [row.profile_id for row in Activity.objects.all()] == [acme.known_by("bob").pk]


def test_a_user_deleted_with_their_id_free_again_begins_anew(acme):
    send(acme, events=[visit(user("ana"))] * 3)
    acme.delete("ana")

    send(acme, events=[visit(user("ana"), FRIDAY)])

    assert done(acme.known_by("ana")) == {(EVENT, "visit"): Tally(1, FRIDAY, FRIDAY)}


def test_another_workspace_loses_nothing(acme):
    globex = BackEnd("globex")
    send(acme, events=[visit(user("ana"))])
    send(globex, events=[visit(user("ana"))])
    theirs = globex.known_by("ana")

    with transaction.atomic():
        activity.drop(acme.workspace.pk, [theirs.pk])
        activity.merge(acme.workspace.pk, [(theirs.pk, acme.known_by("ana").pk)])

    assert done(theirs)[EVENT, "visit"].count == 1


def test_225_items_cost_as_many_queries_as_three(acme, django_assert_num_queries):
    send(acme, attributes=[])  # the first call also notes that the key is in use

    def call(number):
        who = [user(str(index)) for index in range(number)]
        send(
            acme,
            attributes=[{**one, "visits": {"inc": 1}} for one in who],
            events=[visit(one) for one in who],
            purchases=[tea(one) for one in who],
        )

    # Key; savepoint, shared lock, identifiers; profile ids, identifiers in, profiles, known,
    # changed values, activity; audit; release.
    with django_assert_num_queries(12):
        call(1)
    # Key; savepoint, shared lock, identifiers; profile ids, identifiers in, profiles, known,
    # profiles locked, updated; changed values, activity; audit; release.
    with django_assert_num_queries(14):
        call(75)


def test_steps_go_from_the_stored_value_and_one_that_does_not_fit_is_reported(acme):
    acme.track({**user("ana"), "visits": 1, "shirts": ["M"], "shoes": "red"})

    answer = send(
        acme,
        attributes=[
            {**user("ana"), "visits": {"inc": 2}, "shirts": {"add": ["S"]}},
            {**user("ana"), "visits": {"inc": -1}, "shoes": {"add": ["blue"]}, "vip": True},
            {**user("bob"), "visits": {"inc": 5}, "shirts": {"remove": ["M"]}},
        ],
    )

    assert answer.json()["attributes_processed"] == 3
    assert reasons(answer) == {1: "shoes was left as it is: it is no array"}
    assert acme.known_by("ana").attributes == {
        "visits": 2,
        "shirts": ["M", "S"],
        "shoes": "red",
        "vip": True,
    }
    assert acme.known_by("bob").attributes == {"visits": 5}


@pytest.mark.django_db(transaction=True)
def test_calls_at_once_about_the_same_users_lose_no_count_and_do_not_deadlock():
    acme = BackEnd()
    names = [str(number) for number in range(25)]

    def call(names):
        attributes = [{**user(name), "visits": {"inc": 1}} for name in names]
        events = [visit(user(name), name=what) for name in names for what in ("a", "b", "c")]
        return lambda: [send(acme, attributes=attributes, events=events) for _ in range(3)]

    at_once(call(names), call(names[::-1]), call(names), call(names[::-1]))

    assert [row.count for row in Activity.objects.all()] == [12] * 75
    assert [each.attributes for each in Profile.objects.all()] == [{"visits": 12}] * 25
