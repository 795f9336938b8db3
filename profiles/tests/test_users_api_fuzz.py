"""Anything at all, posted to the calls that write and read users: never our fault.

Every item is either processed or reported, and what was stored can be read back.
"""

import json
from collections import Counter

import pytest
from django.core.management import call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from profiles.models import Profile
from profiles.tests.backend import BackEnd, customer
from profiles.users_api.track import ARRAYS
from tests.factories import bearer

pytestmark = pytest.mark.django_db

RELAXED = {"deadline": None, "suppress_health_check": list(HealthCheck)}
TRACK, EXPORT = "/users/track", "/users/export/ids"

TEXTS = ["", " ", "\0", "a\0b", "\\u0000", "\u202e", "😀" * 256, "NaN", "%s", "%(x)s", "{NULL}"]
TEXTS += ["'; DROP TABLE profiles_profile; --", "x" * 256, "x" * 513, "x" * 5_001]
NUMBERS = [0, -1, 1, 101, 2**31, 2**63 - 1, 2**63, 2**64, 10**400, 1.5, 1e308, -0.0]
TIMES = ["2026-05-04T10:00:00Z", "2026-05-04", "9999-12-31T23:59:59-23:59", "0000-01-01"]
TIMES += ["2026-W01-1", "2026-05-04T10:00:00:250Z", "24:00", "2026-05-04T10:00:00Z\0"]

values = st.recursive(
    st.sampled_from([*TEXTS, *NUMBERS, *TIMES, None, True, False, [], {}])
    | st.text(max_size=20)
    | st.integers()
    | st.floats(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)
steps = st.fixed_dictionaries(
    {},
    optional={
        "inc": st.integers(-5, 5) | values,
        "add": st.lists(st.sampled_from(["a", "b", 1, True, 1.0]), max_size=3) | values,
        "remove": st.lists(st.sampled_from(["a", "b", 1, True, 1.0]), max_size=3) | values,
    },
)
# Few, so that calls meet the users of others.
ids = st.sampled_from(["ana", "bob", "cid"])
aliases = st.fixed_dictionaries(
    {}, optional={"alias_name": ids | values, "alias_label": st.just("crm") | values}
)
devices = st.lists(
    st.fixed_dictionaries({}, optional={"device_id": ids | values, "token": values}), max_size=2
)
user = st.one_of(
    *([st.builds(lambda external_id: {"external_id": external_id}, ids)] * 3),
    st.fixed_dictionaries(
        {},
        optional={
            "external_id": ids | values,
            "user_alias": aliases | values,
            "braze_id": st.integers(0, 40).map(str) | values,
            "devices": devices | values,
            "push_tokens": devices | values,
            "_create_anonymous": st.booleans() | values,
            "_update_existing_only": st.booleans() | values,
        },
    ),
)


def items(**fields):
    """Items about a user, each field as it should be or anything else, or left out."""
    optional = {name: good | values for name, good in fields.items()}
    rest = st.fixed_dictionaries({}, optional=optional)
    whole = st.fixed_dictionaries(fields)
    one = st.builds(lambda who, what: {**who, **what}, user, whole | rest) | values
    return st.lists(one, max_size=5) | values


attributes = items(
    age=st.integers() | steps,
    shirts=st.lists(st.sampled_from(["a", "b", 1]), max_size=3) | steps,
    email=st.just("ana@example.com"),
    gender=st.sampled_from("MFONP"),
    dob=st.just("1990-01-31"),
    time_zone=st.just("Europe/Paris"),
)
times = st.sampled_from(TIMES) | st.datetimes().map(str)
names = st.sampled_from(["visit", "login"])
tracks = st.fixed_dictionaries(
    {},
    optional={
        "attributes": attributes,
        "events": items(name=names, time=times, properties=st.dictionaries(st.text(), values)),
        "purchases": items(
            product_id=names,
            time=times,
            currency=st.sampled_from(["EUR", "usd"]),
            price=st.floats(0, 100),
            quantity=st.integers(1, 3),
        ),
        "unknown": values,
    },
)
exports = st.fixed_dictionaries(
    {},
    optional={
        "external_ids": st.lists(ids | st.text(max_size=3), max_size=60) | values,
        "user_aliases": st.lists(aliases, max_size=4) | values,
        "braze_id": st.integers(0, 40).map(str) | values,
        "device_id": ids | values,
        "email_address": st.just("ANA@example.com") | values,
        "phone": st.text("+0123456789 ", max_size=12) | values,
        "fields_to_export": st.lists(st.sampled_from(["email", "cohorts", "zzz"])) | values,
    },
)
# As bytes, whatever JSON can't say: half characters, bad UTF-8, numbers out of range.
splices = st.sampled_from(
    [b"\\ud800", b"\\udc00\\ud800", b"\\u0000", b"\xff", b"\xed\xa0\x80", b"\0", b"1e999", b"NaN"]
    + [b"9" * 5_000, b"[" * 2_000, b'{"a":' * 2_000, b'"', b"\\", b",", b"null", b"\xef\xbb\xbf"]
) | st.binary(max_size=4)
GOOD = json.dumps(
    {
        "attributes": [{"external_id": "ana", "age": {"inc": 1}, "shirts": ["M", {"size": 40}]}],
        "events": [{"external_id": "ana", "name": "visit", "time": "2026-05-04T10:00:00Z"}],
        "external_ids": ["ana"],
        "email_address": "ana@example.com",
    }
).encode()


def post(backend, path, body):
    answer = backend.client.post(path, body, "application/json", **bearer(backend.key))
    assert answer.status_code in (201, 400), (answer.status_code, answer.content)
    assert answer.json()["message"]
    return answer


def check(backend, path, body):
    answer = post(backend, path, json.dumps(body))
    if answer.status_code == 400:
        assert len(answer.content) <= 4_096
    elif path == TRACK:
        account_for(body, answer.json())
    read_back(backend)


def account_for(body, answer):
    """Every item is processed or reported; one that is both left an attribute as it was."""
    failed = Counter()
    for error in answer.get("errors", ()):
        assert 0 <= error["index"] < len(body[error["input_array"]])
        if "was left as it is" not in error["type"]:
            failed[error["input_array"]] += 1
    for array in ARRAYS:
        given = body.get(array)
        assert answer.get(f"{array}_processed", 0) + failed[array] == len(given or ())


def read_back(backend):
    everybody = [str(pk) for pk in Profile.objects.values_list("pk", flat=True)]
    for braze_id in everybody:
        (found,) = post(backend, EXPORT, json.dumps({"braze_id": braze_id})).json()["users"]
        assert found["braze_id"] == braze_id


def fuzz(bodies, path, examples):
    backend = BackEnd()
    backend.track(customer("ana", "bob", email="ana@example.com"), customer("bob", phone="+331"))

    @settings(max_examples=examples, **RELAXED)
    @given(bodies)
    def run(body):
        check(backend, path, body)

    run()
    call_command("check_membership")


def fuzz_bytes(path, examples):
    backend = BackEnd()

    @settings(max_examples=examples, **RELAXED)
    @given(st.integers(0, len(GOOD)), st.integers(0, 8), splices)
    def run(start, length, splice):
        post(backend, path, GOOD[:start] + splice + GOOD[start + length :])
        read_back(backend)

    run()


def test_whatever_is_tracked_is_processed_or_reported():
    fuzz(tracks, TRACK, examples=150)


def test_whatever_is_asked_for_is_answered():
    fuzz(exports, EXPORT, examples=150)


@pytest.mark.parametrize("path", [TRACK, EXPORT])
def test_a_good_body_with_bytes_changed_is_refused_or_taken(path):
    fuzz_bytes(path, examples=150)


@pytest.mark.long
def test_whatever_is_tracked_is_processed_or_reported_at_length():
    fuzz(tracks, TRACK, examples=1_000)


@pytest.mark.long
def test_whatever_is_asked_for_is_answered_at_length():
    fuzz(exports, EXPORT, examples=1_000)


@pytest.mark.long
@pytest.mark.parametrize("path", [TRACK, EXPORT])
def test_a_good_body_with_bytes_changed_is_refused_or_taken_at_length(path):
    fuzz_bytes(path, examples=1_000)
