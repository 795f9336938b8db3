"""Anything at all, posted to the partner calls: refused in JSON or stored, never our fault."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cohorts.models import CohortCursor, Upload
from cohorts.tests.factories import Connector, apply_all

pytestmark = pytest.mark.django_db

RELAXED = {"deadline": None, "suppress_health_check": list(HealthCheck)}
PATHS = st.sampled_from(["cohorts", "cohorts/users"])

NASTY = [
    "",
    " ",
    "\0",
    "a\0b",
    "\\u0000",
    "\ufeff",
    "\u202e",
    "😀" * 256,
    "null",
    "NaN",
    "%s",
    "%(x)s",
]
NASTY += [
    "'; DROP TABLE cohorts_upload; --",
    "{}",
    "{NULL}",
    '{"a"}',
    "\\",
    '"',
    "x" * 513,
    "x" * 256,
]
NASTY += [
    None,
    True,
    False,
    0,
    -1,
    2**63,
    2**64,
    10**40,
    1e308,
    -0.0,
    [],
    [[]],
    {},
    [None],
    {"": ""},
]
NASTY += ["2026-05-04T10:00:00Z", "9999-12-31T23:59:59-23:59", "0000-01-01", "2026-W01-1"]

values = st.recursive(
    st.sampled_from(NASTY) | st.text(max_size=20) | st.integers() | st.floats(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=15,
)
ids = st.lists(st.text(max_size=5) | values, max_size=5) | values
aliases = st.fixed_dictionaries({}, optional={"alias_name": values, "alias_label": values})
changes = st.fixed_dictionaries(
    {},
    optional={
        "user_ids": ids,
        "device_ids": ids,
        "aliases": aliases | st.lists(aliases, max_size=3) | values,
        "should_remove": st.booleans() | values,
        "unknown": values,
    },
)
fields = st.fixed_dictionaries(
    {},
    optional={
        "cohort_id": st.just("spring") | values,
        "name": st.text(max_size=5) | values,
        "created_at": st.just("2026-05-04") | st.datetimes().map(str) | values,
        "export_file_name": values,
        "cohort_changes": st.lists(changes, max_size=4) | values,
        "unknown": values,
    },
)
# As bytes, whatever JSON can't say: half characters, bad UTF-8, numbers out of range.
splices = st.sampled_from(
    [
        b"\\ud800",
        b"\\udc00\\ud800",
        b"\\u0000",
        b"\xff",
        b"\xed\xa0\x80",
        b"\0",
        b"1e999",
        b"9" * 400,
    ]
    + [b"[" * 2_000, b'{"a":' * 2_000, b'"', b"\\", b",", b"null", b"/**/", b"\xef\xbb\xbf"]
) | st.binary(max_size=4)
keys_used = (
    st.none() | st.sampled_from(["order-66", "é", "", "x" * 256, "a b"]) | st.text(max_size=3)
)


def valid_body(connector):
    return json.dumps(
        {
            "partner_api_key": connector.partner_api_key,
            "client_secret": connector.client_secret,
            "cohort_id": "spring",
            "name": "Spring",
            "created_at": "2026-05-04T10:00:00Z",
            "cohort_changes": [
                {"user_ids": ["ana", "é\\"], "aliases": [{"alias_name": "n", "alias_label": "l"}]},
                {"device_ids": ["phone"], "should_remove": True},
            ],
        }
    ).encode()


def post(connector, path, body, key=None):
    headers = {} if key is None else {"Idempotency-Key": key}
    connector.client.raise_request_exception = True  # a fault of ours fails the test by itself
    response = connector.post_raw(path, body, headers)
    check(response, connector)
    return response


def check(response, connector):
    answer = json.loads(response.content)
    assert response.status_code in (201, 400, 401, 422), answer
    assert answer["message"] and set(answer) <= {"message", "errors"}
    assert len(response.content) <= 4_096
    for name in ("X-Request-Id", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"):
        assert response[name]
    shown = response.content.decode() + str(response.headers)
    assert connector.client_secret not in shown
    assert connector.partner_api_key not in shown


def check_that_what_was_accepted_can_be_applied():
    apply_all()
    assert not Upload.objects.filter(applied_at=None).exists()
    assert not CohortCursor.objects.filter(failures__gt=0).exists()
    call_command("check_membership", stdout=StringIO())


def fuzz_fields(examples):
    connector = Connector()

    @settings(max_examples=examples, **RELAXED)
    @given(PATHS, fields, keys_used)
    @example("cohorts/users", {"cohort_changes": [{}] * 40_000}, "order-66")
    @example(
        "cohorts/users", {"cohort_id": "a", "cohort_changes": [{"user_ids": []}] * 9_999}, None
    )
    def run(path, body, key):
        keys = {
            "partner_api_key": connector.partner_api_key,
            "client_secret": connector.client_secret,
        }
        post(connector, path, json.dumps({**body, **keys}), key)

    run()
    check_that_what_was_accepted_can_be_applied()


def fuzz_bytes(examples):
    connector = Connector()
    good = valid_body(connector)
    places = st.integers(0, len(good))

    @settings(max_examples=examples, **RELAXED)
    @given(PATHS, st.lists(st.tuples(places, st.integers(0, 6), splices), max_size=3), keys_used)
    def run(path, edits, key):
        body = good
        for place, cut, splice in edits:
            body = body[:place] + splice + body[place + cut :]
        post(connector, path, body, key)

    run()
    check_that_what_was_accepted_can_be_applied()


def test_whatever_stands_in_the_fields_is_refused_or_stored():
    fuzz_fields(examples=250)


def test_a_valid_body_with_bytes_changed_is_refused_or_stored():
    fuzz_bytes(examples=250)


@pytest.mark.long
def test_whatever_stands_in_the_fields_is_refused_or_stored_at_length():
    fuzz_fields(examples=5_000)


@pytest.mark.long
def test_a_valid_body_with_bytes_changed_is_refused_or_stored_at_length():
    fuzz_bytes(examples=5_000)
