from datetime import UTC, datetime

import pytest

from common.errors import BadRequest
from profiles import rules
from profiles.users_api import track
from profiles.users_api.occurrences import Occurrence

VISIT = {"external_id": "ana", "name": "visit", "time": "2026-01-01T10:00:00Z"}
TEA = {
    "external_id": "ana",
    "product_id": "tea",
    "currency": "EUR",
    "price": 4.5,
    "time": "2026-01-01T10:00:00Z",
}


def item(array="attributes", **entry):
    items, problems = track.decode({array: [entry]})
    assert not problems
    return items[0]


def nested(depth):
    return {"in": nested(depth - 1)} if depth > 1 else {"size": "M"}


def reason(array="attributes", **entry):
    items, problems = track.decode({array: [entry]})
    assert not items
    return problems[0].reason


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "attributes",
        {},
        {"attributes": None},
        {"attributes": {}},
        {"events": "x"},
        {"attributes": [{}] * 76},
        {"attributes": [], "purchases": [{}] * 76},
    ],
)
def test_a_body_without_arrays_of_at_most_75_is_refused(body):
    with pytest.raises(BadRequest):
        track.decode(body)


def test_75_of_each_array_are_taken_and_an_empty_array_is_fine():
    items, problems = track.decode(
        {
            "attributes": [{"external_id": "ana"}] * 75,
            "events": [VISIT] * 75,
            "purchases": [TEA] * 75,
        }
    )

    assert (len(items), problems) == (225, [])
    assert track.decode({"attributes": []}) == ([], [])


def test_a_user_is_named_by_one_of_three_ids():
    assert item(external_id="ana").key == rules.external_id("ana")
    by_alias = item(user_alias={"alias_name": "7", "alias_label": "crm"})
    assert by_alias.key == rules.alias("crm", "7")
    assert item(braze_id="12").profile_id == 12
    assert item(external_id="ana", user_alias=None).key == rules.external_id("ana")


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"email": "ana@example.com"},
        {"external_id": None},
        {"external_id": ""},
        {"external_id": 7},
        {"external_id": "a\0"},
        {"external_id": "a" * 513},
        {"external_id": "ana", "braze_id": "1"},
        {"braze_id": 1},
        {"braze_id": "-1"},
        {"braze_id": "１"},
        {"braze_id": str(2**63)},
        {"user_alias": "crm"},
        {"user_alias": {"alias_name": "7"}},
        {"user_alias": {"alias_name": "7", "alias_label": ""}},
        {"user_alias": {"alias_name": "7", "alias_label": "l" * 256}},
        {"external_id": "ana", "_update_existing_only": "yes"},
        {"external_id": "ana", "_create_anonymous": True, "devices": [{"device_id": "phone"}]},
        {"_create_anonymous": True},
        {"devices": [{"device_id": "phone"}]},
        {"external_id": "ana", "devices": "phone"},
        {"external_id": "ana", "devices": [{}]},
        {"external_id": "ana", "devices": [{"device_id": 7}]},
        {"external_id": "ana", "push_tokens": ["token"]},
        {"external_id": "ana", "": 1},
        {"external_id": "ana", "n" * 256: 1},
        {"external_id": "ana", "a\0": 1},
        {"external_id": "ana", "shirt": "\0"},
        {"external_id": "ana", "shirt": {"$size": "M"}},
        {"external_id": "ana", "shirt": {"size": None}},
        {"external_id": "ana", "shirt": {"": "M"}},
        {"external_id": "ana", "shirt": {"size\0": "M"}},
        {"external_id": "ana", "shirt": {str(number): number for number in range(501)}},
        {"external_id": "ana", "shirts": [["M"]]},
        {"external_id": "ana", "shirts": [None]},
        {"external_id": "ana", "shirts": {"sizes": [["M"]]}},
        {"external_id": "ana", "deep": nested(11)},
        {"external_id": "ana", "age": {"inc": 1.5}},
        {"external_id": "ana", "age": {"inc": True}},
        {"external_id": "ana", "age": {"inc": 2**63}},
        {"external_id": "ana", "age": {"inc": 1, "add": [1]}},
        {"external_id": "ana", "shirts": {"add": "M"}},
        {"external_id": "ana", "shirts": {"add": [None]}},
        {"external_id": "ana", "shirts": {"add": ["M"], "remove": None}},
        {"external_id": "ana", "shirts": {"$add": ["M"]}},
        {"external_id": "ana", "dob": {"inc": 1}},
        {"external_id": "ana", "": {"inc": 1}},
        {"external_id": "ana", "shirts": ["M"] * 501},
        {"external_id": "ana", "weight": float("nan")},
        {"external_id": "ana", "email": 7},
        {"external_id": "ana", "gender": "x"},
        {"external_id": "ana", "dob": "2026-02-30"},
        {"external_id": "ana", "dob": "20260201"},
        {"external_id": "ana", "time_zone": "Mars/Olympus"},
        {"external_id": "ana", "email_subscribe": "yes"},
        {"external_id": "ana", "email_open_tracking_disabled": "true"},
        {"external_id": "ana", "email_click_tracking_disabled": 1},
    ],
)
def test_an_item_that_makes_no_sense_fails_with_a_reason(entry):
    assert reason(**entry)


@pytest.mark.parametrize("entry", ["ana", None, 7, []])
def test_an_item_that_is_no_object_fails_alone(entry):
    items, problems = track.decode({"attributes": [{"external_id": "bob"}, entry]})

    assert len(items) == 1
    assert problems[0].as_json() == {
        "index": 1,
        "type": "an item must be an object",
        "input_array": "attributes",
    }


@pytest.mark.parametrize(
    ("entry", "may_create"),
    [
        ({"external_id": "ana"}, True),
        ({"external_id": "ana", "_update_existing_only": False}, True),
        ({"external_id": "ana", "_update_existing_only": True}, False),
        ({"user_alias": {"alias_name": "7", "alias_label": "crm"}}, False),
        (
            {
                "user_alias": {"alias_name": "7", "alias_label": "crm"},
                "_update_existing_only": False,
            },
            True,
        ),
        ({"braze_id": "1", "_update_existing_only": False}, False),
        ({"_create_anonymous": True, "devices": [{"device_id": "phone"}]}, True),
    ],
)
def test_which_items_may_create_a_user(entry, may_create):
    assert item(**entry).may_create is may_create


def test_devices_come_in_either_form_and_count_once():
    named = item(
        external_id="ana",
        devices=[{"device_id": "phone"}, {"device_id": "tablet"}],
        push_tokens=[{"app_id": "a", "token": "t", "device_id": "phone"}, {"token": "u"}],
    )

    assert named.devices == (rules.device("phone"), rules.device("tablet"))


def test_attributes_are_what_is_left_of_the_item():
    patch = item(
        external_id="ana",
        email="ana@example.com",
        Email="kept apart",
        age=41,
        vip=True,
        weight=61.5,
        last_seen="2026-01-01T00:00:00Z",
        shirts=["M", 40],
        phone=None,
        devices=[],
        app_id="a",
    ).patch

    assert patch.values == {
        "email": "ana@example.com",
        "Email": "kept apart",
        "age": 41,
        "vip": True,
        "weight": 61.5,
        "last_seen": "2026-01-01T00:00:00Z",
        "shirts": ["M", 40],
    }
    assert patch.removed == {"phone"}


def test_an_array_keeps_each_value_once_and_true_is_not_one():
    patch = item(external_id="ana", shirts=["M", 40, "M", 1, True, 40.0]).patch

    assert patch.values == {"shirts": ["M", 40.0, 1, True]}


def test_objects_are_taken_up_to_ten_deep():
    shirt = {"size": "M", "colours": ["red", {"name": "blue"}], "deep": nested(9)}

    patch = item(external_id="ana", shirt=shirt, shirts=[shirt]).patch

    assert patch.values == {"shirt": shirt, "shirts": [shirt]}
    assert not patch.steps


def test_an_object_of_nothing_but_inc_add_and_remove_is_a_step():
    patch = item(
        external_id="ana",
        age={"inc": -1},
        shirts={"add": ["M"], "remove": ["S"]},
        sizes={"add": [], "note": "an object"},
    ).patch

    assert patch.steps.keys() == {"age", "shirts"}
    assert patch.values == {"sizes": {"add": [], "note": "an object"}}


def test_fields_that_braze_has_and_we_do_not_are_no_custom_attributes():
    patch = item(
        external_id="ana",
        subscription_groups=[{"subscription_group_id": "g", "subscription_state": "subscribed"}],
        current_location={"longitude": -73.9, "latitude": 40.7},
        date_of_last_session="2026-01-01T00:00:00Z",
        _merge_objects=True,
        push_token_import=False,
    ).patch

    assert not patch


@pytest.mark.parametrize(
    ("time", "at"),
    [
        ("2013-07-16T19:20:30+01:00", datetime(2013, 7, 16, 18, 20, 30, tzinfo=UTC)),
        ("2013-07-16T19:20:30Z", datetime(2013, 7, 16, 19, 20, 30, tzinfo=UTC)),
        ("2013-07-16T19:20:30", datetime(2013, 7, 16, 19, 20, 30, tzinfo=UTC)),
        ("2013-07-16", datetime(2013, 7, 16, tzinfo=UTC)),
        ("2013-07-16T19:20:30.250Z", datetime(2013, 7, 16, 19, 20, 30, 250_000, tzinfo=UTC)),
        ("2013-07-16T19:20:30:250+0100", datetime(2013, 7, 16, 18, 20, 30, 250_000, tzinfo=UTC)),
    ],
)
def test_times_are_read_in_every_form_that_braze_documents(time, at):
    assert item("events", **(VISIT | {"time": time})).occurrence == Occurrence("visit", at)


def test_a_purchase_of_several_is_as_many_purchases():
    assert item("purchases", **TEA).occurrence.times == 1
    assert item("purchases", **TEA, quantity=None).occurrence.times == 1
    assert item("purchases", **TEA, quantity=100).occurrence.times == 100


def test_properties_are_taken_and_not_kept():
    visit = item("events", **VISIT, properties={"page": ["/", None, {"a": "\0"}]}, app_id="app")

    assert visit.occurrence.name == "visit"
    assert not visit.patch
    assert item("events", **VISIT, properties=None).occurrence


@pytest.mark.parametrize(
    ("array", "change", "field"),
    [
        ("events", {"name": None}, "name"),
        ("events", {"name": ""}, "name"),
        ("events", {"name": "n" * 256}, "name"),
        ("events", {"name": "a\0"}, "name"),
        ("events", {"name": 7}, "name"),
        ("events", {"time": None}, "time"),
        ("events", {"time": 1_700_000_000}, "time"),
        ("events", {"time": "yesterday"}, "time"),
        ("events", {"time": "2026-01-01T10:00:00Z\0"}, "time"),
        ("events", {"time": "0001-01-01T00:00:00+14:00"}, "time"),
        ("events", {"time": "9999-12-31T23:00:00-05:00"}, "time"),
        ("events", {"properties": []}, "properties"),
        ("events", {"properties": "page"}, "properties"),
        ("purchases", {"product_id": None}, "product_id"),
        ("purchases", {"product_id": "p" * 256}, "product_id"),
        ("purchases", {"time": None}, "time"),
        ("purchases", {"currency": None}, "currency"),
        ("purchases", {"currency": "EURO"}, "currency"),
        ("purchases", {"currency": 978}, "currency"),
        ("purchases", {"price": None}, "price"),
        ("purchases", {"price": "4.50"}, "price"),
        ("purchases", {"price": True}, "price"),
        ("purchases", {"price": float("inf")}, "price"),
        ("purchases", {"quantity": 0}, "quantity"),
        ("purchases", {"quantity": 101}, "quantity"),
        ("purchases", {"quantity": 1.5}, "quantity"),
        ("purchases", {"quantity": True}, "quantity"),
        ("purchases", {"properties": 7}, "properties"),
    ],
)
def test_an_event_or_purchase_with_a_bad_field_fails_and_the_reason_names_it(array, change, field):
    whole = {"events": VISIT, "purchases": TEA}[array]

    assert reason(array, **(whole | change)).startswith(f"{field} must be")


def test_a_price_takes_any_number():
    for price in (0, -4, 10**400, 4.5):
        assert item("purchases", **(TEA | {"price": price}))
