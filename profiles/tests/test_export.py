"""What back ends read about users by /users/export/ids."""

from datetime import UTC, datetime

import pytest

from profiles.buckets import random_bucket
from profiles.models import Profile
from profiles.tests.backend import BackEnd, alias, by_alias, customer, user, visitor

ALL_IN_ONE = {
    "email": "Ana@example.com",
    "phone": "+33 6 39 98 12 34",
    "first_name": "Ana",
    "dob": "1990-01-31",
    "gender": "F",
    "time_zone": "Europe/Paris",
    "email_subscribe": "opted_in",
    "email_open_tracking_disabled": True,
    "email_click_tracking_disabled": False,
    "points": 7,
    "shirts": ["M"],
    "shoe": {"size": 40},
}


@pytest.fixture
def acme(db):
    return BackEnd()


def export(backend, **body):
    answer = backend.post("/users/export/ids", body)
    assert answer.status_code == 201, answer.json()
    assert answer.json()["message"] == "success"
    return answer.json()


def ids_of(answer):
    return [one.get("external_id") for one in answer["users"]]


def test_everything_that_is_known_is_exported_in_the_shape_of_braze(acme):
    acme.track({**customer("ana", "phone", "tablet"), **ALL_IN_ONE})
    acme.alias_new({**alias("7"), **user("ana")}, {**alias("8", "shop"), **user("ana")})
    at = "2026-03-02T10:00:00.250Z"
    acme.post(
        "/users/track",
        {
            "events": [{**user("ana"), "name": "visit", "time": at}] * 2,
            "purchases": [
                {
                    **user("ana"),
                    "product_id": "tea",
                    "currency": "EUR",
                    "price": 4.5,
                    "quantity": 3,
                    "time": at,
                }
            ],
        },
    )
    ana = acme.known_by("ana")
    Profile.objects.filter(pk=ana.pk).update(created_at=datetime(2026, 1, 5, 9, 30, tzinfo=UTC))

    answer = export(acme, external_ids=["ana"])

    custom = {name: ALL_IN_ONE[name] for name in ("points", "shirts", "shoe")}
    standard = {name: value for name, value in ALL_IN_ONE.items() if name not in custom}
    assert answer == {
        "message": "success",
        "users": [
            {
                "created_at": "2026-01-05 09:30:00.000 UTC",
                "external_id": "ana",
                "user_aliases": [
                    {"alias_name": "7", "alias_label": "crm"},
                    {"alias_name": "8", "alias_label": "shop"},
                ],
                "braze_id": str(ana.pk),
                "random_bucket": random_bucket(ana.pk),
                **standard,
                "custom_attributes": custom,
                "custom_events": [{"name": "visit", "first": at, "last": at, "count": 2}],
                "purchases": [{"name": "tea", "first": at, "last": at, "count": 3}],
                "devices": [{"device_id": "phone"}, {"device_id": "tablet"}],
            }
        ],
    }


def test_what_is_empty_is_left_out(acme):
    acme.track(visitor("7"))

    (found,) = export(acme, user_aliases=[alias("7")])["users"]

    assert found.keys() == {"created_at", "user_aliases", "braze_id", "random_bucket"}


def test_only_the_fields_that_were_asked_for_are_there(acme):
    acme.track({**customer("ana"), **ALL_IN_ONE})

    found = export(acme, external_ids=["ana"], fields_to_export=["email", "apps", "gender", "zzz"])

    assert found["users"] == [{"email": "Ana@example.com", "gender": "F"}]
    assert export(acme, external_ids=["ana"], fields_to_export=[])["users"] == [{}]


def test_a_user_is_found_by_any_kind_of_id(acme):
    acme.track({**customer("ana", "phone"), **ALL_IN_ONE}, visitor("7", "tablet"))
    acme.alias_new({**alias("ana"), **user("ana")})
    ana = acme.known_by("ana")

    for body in (
        {"external_ids": ["ana"]},
        {"user_aliases": [alias("ana")]},
        {"braze_id": str(ana.pk)},
        {"device_id": "phone"},
        {"email_address": "ana@EXAMPLE.com"},
        {"phone": "+33639981234"},
    ):
        answer = export(acme, **body, fields_to_export=["external_id"])
        assert answer == {"message": "success", "users": [{"external_id": "ana"}]}, body
    (anonymous,) = export(acme, device_id="tablet")["users"]
    assert anonymous["user_aliases"] == [alias("7")]


def test_users_come_in_the_order_of_the_call_and_each_once(acme):
    acme.track(*(customer(name, email="team@example.com") for name in ("ana", "bob", "cid")))
    acme.alias_new({**alias("7"), **user("bob")})

    answer = export(
        acme,
        external_ids=["cid", "ana", "cid"],
        user_aliases=[alias("7")],
        email_address="team@example.com",
    )

    assert ids_of(answer) == ["cid", "ana", "bob"]


def test_an_address_finds_identified_users_before_anonymous_ones(acme):
    acme.track({**customer("ana"), "email": "team@example.com"})
    acme.track({**visitor("7"), "email": "team@example.com"})

    assert ids_of(export(acme, email_address="team@example.com")) == ["ana", None]


def test_the_id_of_a_user_merged_away_finds_the_survivor(acme):
    acme.track(customer("ana"), customer("bob"))
    acme.merge((user("ana"), user("bob")))

    answer = export(acme, external_ids=["ana", "bob"])

    assert ids_of(answer) == ["bob"]
    assert "invalid_user_ids" not in answer


def test_ids_that_nobody_has_are_reported_and_refuse_nothing(acme):
    acme.track(customer("ana"))

    answer = export(
        acme,
        external_ids=["nobody", "ana", "", "a\0", "x" * 600, "Ana"],
        user_aliases=[alias("7"), alias("")],
        braze_id="first",
        device_id="phone",
        email_address="nobody@example.com",
        phone="call me",
    )

    assert ids_of(answer) == ["ana"]
    assert answer["invalid_user_ids"] == [
        "nobody",
        "",
        "a\0",
        "x" * 600,
        "Ana",
        "crm:7",
        "crm:",
        "first",
        "phone",
        "nobody@example.com",
        "call me",
    ]


def test_another_workspace_is_not_seen_by_any_id(acme):
    globex = BackEnd("globex")
    globex.track({**customer("ana", "phone"), **ALL_IN_ONE})
    globex.alias_new({**alias("7"), **user("ana")})

    answer = export(
        acme,
        external_ids=["ana"],
        user_aliases=[alias("7")],
        braze_id=str(globex.known_by("ana").pk),
        device_id="phone",
        email_address=ALL_IN_ONE["email"],
        phone=ALL_IN_ONE["phone"],
    )

    assert answer["users"] == []
    assert len(answer["invalid_user_ids"]) == 6


def test_what_a_call_changed_is_in_the_next_export(acme):
    for number in range(5):
        acme.track({**user("ana"), "visits": {"inc": 1}, "email": f"{number}@example.com"})
        (found,) = export(acme, email_address=f"{number}@example.com")["users"]
        assert found["custom_attributes"] == {"visits": number + 1}
    acme.delete("ana")
    assert export(acme, external_ids=["ana"])["users"] == []


def test_fifty_ids_are_exported_and_51_refused(acme):
    fifty = [str(number) for number in range(25)]
    aliases = [alias(str(number)) for number in range(25)]

    assert len(export(acme, external_ids=fifty, user_aliases=aliases)["invalid_user_ids"]) == 50
    answer = acme.post(
        "/users/export/ids", {"external_ids": [*fifty, "x"], "user_aliases": aliases}
    )
    assert answer.status_code == 400
    assert answer.json() == {
        "message": "The max number of external_ids and aliases per request was exceeded",
        "errors": ["received 51"],
    }


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"external_ids": None},
        {"fields_to_export": ["email"]},
        {"external_ids": "ana"},
        {"external_ids": [7]},
        {"external_ids": ["ana"], "fields_to_export": "email"},
        {"external_ids": ["ana"], "fields_to_export": [None]},
        {"user_aliases": alias("7")},
        {"user_aliases": [by_alias("7")]},
        {"user_aliases": [{"alias_name": "7", "alias_label": None}]},
        {"braze_id": 7},
        {"device_id": ["phone"]},
        {"email_address": {"email": "ana@example.com"}},
        {"phone": 33},
    ],
)
def test_a_body_that_makes_no_sense_is_refused_and_says_why(acme, body):
    answer = acme.post("/users/export/ids", body)

    assert answer.status_code == 400
    assert answer.json()["errors"]


def test_exporting_needs_a_key_with_its_permission(acme, client):
    other = BackEnd(permissions="users.track")

    assert other.post("/users/export/ids", {"external_ids": ["ana"]}).status_code == 403
    assert client.post("/users/export/ids", {}, "application/json").status_code == 401
    assert acme.post("/users/export/ids/", {"external_ids": ["ana"]}).status_code == 201
