"""Both keys of the partner calls: every refusal, in its exact words."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from cohorts.models import Cohort, Upload
from cohorts.tests.factories import Connector, adds
from common import keys
from common.keys import KeyKind
from partners.models import DataImportKey, Integration, PartnerApiKey, RequestCount

PARTNER_KEY = "Invalid Partner API key"
SECRET = "Invalid client secret"
ENABLED = "Partner not enabled for client"
FIELDS = {
    "cohort_id": "spring",
    "name": "Spring",
    "created_at": "2026-05-04T10:00:00Z",
    "cohort_changes": [adds("ana")],
}


@pytest.fixture(params=["cohorts", "cohorts/users"])
def call(request, tinyclues):
    """Post a good body to either call, except for the keys it is given."""

    def post(**keys):
        return tinyclues.post(request.param, {**FIELDS, **keys})

    return post


def refused(response, message):
    assert (response.status_code, response.json()) == (401, {"message": message})
    for model in (Cohort, Upload, RequestCount):
        assert not model.objects.exists()


def with_another_end(key):
    return key[:-1] + ("A" if key[-1] != "A" else "B")


MALFORMED = [
    "",
    "x",
    "qs_pak_",
    "😀",
    "a\0b",
    " ",
    "x" * 10_000,
    None,
    7,
    True,
    [],
    {},
    ["k"],
    1e300,
]


@pytest.mark.parametrize("value", MALFORMED)
def test_a_malformed_partner_key_opens_nothing(call, value):
    refused(call(partner_api_key=value), PARTNER_KEY)


@pytest.mark.parametrize("value", MALFORMED)
def test_a_malformed_client_secret_opens_nothing(call, value):
    refused(call(client_secret=value), SECRET)


def test_an_unknown_key_opens_nothing(call):
    refused(call(partner_api_key=keys.generate(KeyKind.PARTNER_API).text), PARTNER_KEY)
    refused(call(client_secret=keys.generate(KeyKind.DATA_IMPORT).text), SECRET)


def test_a_key_with_a_bad_checksum_opens_nothing(call, tinyclues):
    refused(call(partner_api_key=with_another_end(tinyclues.partner_api_key)), PARTNER_KEY)
    refused(call(client_secret=with_another_end(tinyclues.client_secret)), SECRET)


def test_a_forged_key_with_a_real_id_opens_nothing(call, tinyclues):
    forged = keys.generate(KeyKind.DATA_IMPORT)
    DataImportKey.objects.update(public_id=forged.public_id)
    refused(call(client_secret=forged.text), SECRET)

    forged = keys.generate(KeyKind.PARTNER_API)
    PartnerApiKey.objects.update(public_id=forged.public_id)
    refused(call(partner_api_key=forged.text), PARTNER_KEY)


def test_keys_in_each_others_place_open_nothing(call, tinyclues):
    refused(call(partner_api_key=tinyclues.client_secret), PARTNER_KEY)
    refused(call(client_secret=tinyclues.partner_api_key), SECRET)


def test_keys_of_another_partner_open_nothing(call):
    segment = Connector("acme", "segment")

    refused(call(partner_api_key=segment.partner_api_key), PARTNER_KEY)
    refused(call(client_secret=segment.client_secret), SECRET)


@pytest.mark.parametrize("column", ["invalidated_at", "expires_at"])
@pytest.mark.parametrize(
    ("model", "message"), [(PartnerApiKey, PARTNER_KEY), (DataImportKey, SECRET)]
)
def test_an_invalidated_or_expired_key_is_refused_exactly_like_an_unknown_one(
    call, column, model, message
):
    model.objects.update(**{column: timezone.now() - timedelta(seconds=1)})

    refused(call(), message)


def test_a_key_that_expires_later_still_opens(call):
    DataImportKey.objects.update(expires_at=timezone.now() + timedelta(minutes=1))

    assert call().status_code == 201


def test_a_key_whose_pepper_is_gone_opens_nothing(call):
    DataImportKey.objects.update(pepper=77)

    refused(call(), SECRET)


def test_a_disabled_integration_says_so_until_it_is_enabled_again(call):
    Integration.objects.update(disabled_at=timezone.now())
    refused(call(), ENABLED)

    Integration.objects.update(disabled_at=None)
    assert call().status_code == 201


@pytest.mark.parametrize("path", ["cohorts", "cohorts/users"])
def test_missing_keys_are_refused_like_wrong_ones(tinyclues, path):
    bodies = {PARTNER_KEY: FIELDS, SECRET: {"partner_api_key": tinyclues.partner_api_key, **FIELDS}}

    for message, body in bodies.items():
        refused(tinyclues.post_raw(path, json.dumps(body)), message)


def test_keys_are_checked_before_the_other_fields(tinyclues):
    body = {"client_secret": "wrong", "cohort_id": 7, "cohort_changes": "wrong"}

    refused(tinyclues.post("cohorts/users", body), SECRET)


def test_the_partner_key_is_checked_before_the_client_secret(call):
    refused(call(partner_api_key="wrong", client_secret="wrong"), PARTNER_KEY)


def test_no_answer_shows_a_key(call, tinyclues):
    answers = [
        call(),
        call(client_secret=tinyclues.client_secret + "x"),
        call(partner_api_key=tinyclues.partner_api_key + "x"),
        call(cohort_id=tinyclues.client_secret + "\0"),
        call(cohort_changes=tinyclues.client_secret, name=[tinyclues.client_secret]),
        call(created_at=tinyclues.partner_api_key, cohort_changes=[[tinyclues.client_secret]]),
    ]

    for response in answers:
        shown = response.content.decode() + str(response.headers)
        assert tinyclues.client_secret[4:] not in shown
        assert tinyclues.partner_api_key[4:] not in shown


@pytest.mark.parametrize(
    "slug",
    ["nobody", "TINYCLUES", "x" * 300, "%00", "a%00b", "%0A", "tinyclues%0A", "%FF", "😀", "-"],
)
@pytest.mark.parametrize("path", ["cohorts", "cohorts/users", "cohorts/"])
def test_a_partner_that_does_not_exist_is_not_found(tinyclues, slug, path):
    keys = {"partner_api_key": tinyclues.partner_api_key, "client_secret": tinyclues.client_secret}

    response = tinyclues.client.post(
        f"/partners/{slug}/{path}", {**keys, **FIELDS}, content_type="application/json"
    )

    assert (response.status_code, response.json()) == (404, {"message": "Not Found"})


def test_two_live_keys_open_the_same_workspace_while_one_replaces_the_other(tinyclues):
    renewed = Connector("acme", "tinyclues")

    assert tinyclues.add("ana").status_code == 201
    assert renewed.add("bob").status_code == 201
    assert Upload.objects.filter(cohort__workspace=tinyclues.workspace).count() == 2


def test_the_last_use_of_a_key_is_noted_once_a_minute_and_only_for_what_is_stored(tinyclues):
    key = DataImportKey.objects.get()
    tinyclues.change([{}])
    key.refresh_from_db()
    assert key.last_used_at is None

    tinyclues.add("ana")
    key.refresh_from_db()
    first = key.last_used_at
    assert (first is not None, key.last_used_from) == (True, "127.0.0.1")

    tinyclues.add("bob")
    key.refresh_from_db()
    assert key.last_used_at == first


@pytest.mark.parametrize("address", ["", "::1", "fe80::1%eth0", "unix:", "203.0.113.7"])
def test_a_request_from_any_address_is_stored(tinyclues, address):
    tinyclues.client.defaults["REMOTE_ADDR"] = address

    assert tinyclues.add("ana").status_code == 201
