"""`Idempotency-Key`: a repeated request is answered as the first one, and stored once."""

import json

import pytest

from cohorts.models import Cohort, Upload
from cohorts.tests.factories import Connector, adds, removes
from partners.models import IdempotencyRecord, RequestCount
from profiles.tests.connections import at_once

KEY = {"Idempotency-Key": "order-66"}
OTHER_BODY = "Idempotency-Key was used with another body"


@pytest.fixture
def tinyclues(db):
    return Connector("acme", "tinyclues")


def add_once(connector, *user_ids, headers=KEY, **fields):
    return connector.change([adds(*user_ids)], headers=headers, **fields)


def is_replayed(response):
    assert (response.status_code, response.json()) == (201, {"message": "success"})
    return response.headers.get("Idempotent-Replayed") == "true"


def test_the_same_request_again_gets_the_first_answer_and_stores_nothing(tinyclues):
    assert not is_replayed(add_once(tinyclues, "ana"))
    assert is_replayed(add_once(tinyclues, "ana"))
    assert is_replayed(add_once(tinyclues, "ana"))

    assert Upload.objects.count() == 1
    assert sum(RequestCount.objects.values_list("accepted", flat=True)) == 1


def test_naming_is_replayed_too(tinyclues):
    assert not is_replayed(tinyclues.name(name="One", headers=KEY))
    tinyclues.name(name="Two")

    assert is_replayed(tinyclues.name(name="One", headers=KEY))
    assert Cohort.objects.get().name == "Two"


def test_the_connection_test_is_replayed_too(tinyclues):
    assert not is_replayed(tinyclues.change([], headers=KEY))
    assert is_replayed(tinyclues.change([], headers=KEY))


OTHER_CHANGES = [
    [adds("bob")],
    [adds("ana", "ana")],
    [adds("ana"), adds("ana")],
    [removes("ana")],
    [{"device_ids": ["ana"]}],
    [{"user_ids": []}],
    [],
]


@pytest.mark.parametrize("changes", OTHER_CHANGES)
def test_other_changes_under_the_key_are_refused(tinyclues, changes):
    add_once(tinyclues, "ana")

    response = tinyclues.change(changes, headers=KEY)

    assert (response.status_code, response.json()) == (422, {"message": OTHER_BODY})
    assert Upload.objects.count() == 1


def test_another_cohort_under_the_key_is_refused(tinyclues):
    add_once(tinyclues, "ana")

    assert add_once(tinyclues, "ana", cohort_id="other").status_code == 422
    assert Cohort.objects.count() == 1


@pytest.mark.parametrize(
    "fields",
    [{"name": "x"}, {"created_at": "2020-01-01"}, {"export_file_name": "x"}, {"cohort_id": "x"}],
)
def test_another_naming_under_the_key_is_refused(tinyclues, fields):
    tinyclues.name(headers=KEY)

    response = tinyclues.name(headers=KEY, **fields)

    assert (response.status_code, response.json()) == (422, {"message": OTHER_BODY})
    assert Cohort.objects.get().name == "Spring buyers"


def test_the_key_of_one_call_does_not_open_the_other(tinyclues):
    fields = {"cohort_id": "a", "name": "b", "created_at": "2026-05-04", "cohort_changes": []}
    tinyclues.post("cohorts", fields, KEY)

    assert tinyclues.post("cohorts/users", fields, KEY).status_code == 422
    assert is_replayed(tinyclues.post("cohorts/", fields, KEY))


def test_spacing_and_order_of_fields_do_not_matter(tinyclues):
    add_once(tinyclues, "é")
    fields = {
        "cohort_changes": [adds("é")],
        "cohort_id": "spring",
        "client_secret": tinyclues.client_secret,
        "partner_api_key": tinyclues.partner_api_key,
    }

    body = json.dumps(fields, indent=3, ensure_ascii=False)

    assert is_replayed(tinyclues.post_raw("cohorts/users", body.encode(), KEY))


def test_a_retry_after_the_keys_were_rotated_is_still_the_same_request(tinyclues):
    add_once(tinyclues, "ana")

    assert is_replayed(add_once(Connector("acme", "tinyclues"), "ana"))


def test_a_key_is_kept_for_each_workspace_and_partner(tinyclues):
    others = [Connector("globex", "tinyclues"), Connector("acme", "segment")]
    add_once(tinyclues, "ana")

    for other in others:
        assert not is_replayed(add_once(other, "somebody else"))
    assert Upload.objects.count() == 3


def test_a_refused_request_leaves_its_key_unused(tinyclues):
    assert tinyclues.change([{}], headers=KEY).status_code == 400
    assert tinyclues.change([adds("ana")], cohort_id="", headers=KEY).status_code == 400

    assert not is_replayed(add_once(tinyclues, "ana"))


def test_a_rate_limited_request_leaves_its_key_unused(tinyclues, settings):
    settings.PARTNER_REQUESTS_PER_HOUR = 0
    assert add_once(tinyclues, "ana").status_code == 429

    settings.PARTNER_REQUESTS_PER_HOUR = 10
    assert not is_replayed(add_once(tinyclues, "ana"))


@pytest.mark.parametrize("key", ["x", "x" * 255, "!~", '"quoted"', "a,b;c"])
def test_visible_ascii_makes_a_key(tinyclues, key):
    headers = {"Idempotency-Key": key}

    assert not is_replayed(add_once(tinyclues, "ana", headers=headers))
    assert is_replayed(add_once(tinyclues, "ana", headers=headers))


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "é", "\x7f", "a\tb", "a\0b", "😀"])
def test_anything_else_is_refused_as_a_key_and_nothing_stored(tinyclues, key):
    response = add_once(tinyclues, "ana", headers={"Idempotency-Key": key})

    assert response.status_code == 400
    assert "Idempotency-Key" in response.json()["message"]
    assert not Upload.objects.exists()
    assert not IdempotencyRecord.objects.exists()


# What stands where nobody looks need not be valid, but it mustn't break the comparison.
ODD = [
    "1e400",
    "1" * 5_000,
    '"\\ud800"',
    '"\xff"',
    "[" * 900 + "]" * 900,
    "123456789012345678901234567890",
]


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd[:9])
@pytest.mark.parametrize("path", ["cohorts", "cohorts/users"])
def test_oddities_in_fields_that_are_not_read_are_compared_or_refused(tinyclues, path, odd):
    keys = {"partner_api_key": tinyclues.partner_api_key, "client_secret": tinyclues.client_secret}
    fields = {**keys, "cohort_id": "a", "name": "b", "created_at": "2026-05-04"}
    place = odd if path == "cohorts" else f'[{{"user_ids":["ana"],"odd":{odd}}}]'
    body = (json.dumps(fields)[:-1] + f',"cohort_changes":{place}}}').encode("latin-1")

    first = tinyclues.post_raw(path, body, KEY)
    again = tinyclues.post_raw(path, body, KEY)

    assert first.status_code == again.status_code
    assert first.status_code == 400 or (not is_replayed(first) and is_replayed(again))


def test_the_body_is_not_kept(tinyclues):
    add_once(tinyclues, "ana")

    record = IdempotencyRecord.objects.get()
    assert len(record.body_digest) == 32


@pytest.mark.django_db(transaction=True)
def test_twins_at_the_same_moment_are_stored_once():
    tinyclues = Connector("acme", "tinyclues")

    answers = at_once(*[lambda: add_once(tinyclues, "ana")] * 8)

    assert [is_replayed(answer) for answer in answers].count(False) == 1
    assert Upload.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_rivals_for_a_key_leave_one_winner():
    tinyclues = Connector("acme", "tinyclues")

    answers = at_once(*[lambda user=user: add_once(tinyclues, user) for user in "abcd"])

    assert sorted(answer.status_code for answer in answers) == [201, 422, 422, 422]
    assert Upload.objects.count() == 1
