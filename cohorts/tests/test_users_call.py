"""POST /partners/{partner}/cohorts/users: what is taken, and what is refused."""

import json

import pytest
from django.utils import timezone

from cohorts.models import Cohort, CohortHead, Upload
from cohorts.partner_api.changes import CHANGES_MESSAGE, TOO_MANY_MESSAGE
from cohorts.tests.factories import Connector, adds, alias, removes
from cohorts.tests.test_changes import REFUSED
from partners.models import DataImportKey, RequestCount
from profiles.models import Identifier

USERS = [f"user {number}" for number in range(1_001)]


def the_upload():
    return Upload.objects.get()


def test_a_change_is_stored_and_answered_with_success(tinyclues):
    response = tinyclues.change([adds("ana", "bob"), removes("cleo")])

    assert (response.status_code, response.json()) == (201, {"message": "success"})
    upload = the_upload()
    assert (upload.cohort.external_id, upload.sequence, upload.ids) == ("spring", 1, 3)
    assert upload.external_ids == ["ana", "bob", "cleo"]
    assert upload.applied_at is None


def test_the_ledger_keeps_the_key_and_the_request_id(tinyclues):
    response = tinyclues.add("ana")

    assert str(the_upload().request_id) == response["X-Request-Id"]
    assert the_upload().key_id == DataImportKey.objects.get().pk


def test_accepting_resolves_and_reserves_nothing(tinyclues):
    tinyclues.add("ana")

    assert not Identifier.objects.exists()


def test_one_object_carries_all_three_kinds_and_removes_beside_adds(tinyclues):
    everything = {"user_ids": ["u"], "device_ids": ["d"], "aliases": [alias("crm", "7")]}

    response = tinyclues.change([everything, {**everything, "should_remove": True}])

    assert response.status_code == 201
    upload = the_upload()
    assert (upload.external_ids, upload.device_ids) == (["u", "u"], ["d", "d"])
    assert (upload.alias_labels, upload.alias_names) == (["crm"] * 2, ["7"] * 2)


@pytest.mark.parametrize(
    "change",
    [
        {"aliases": alias("crm", "7")},
        {"user_ids": ["ana"], "should_remove": False},
        {"user_ids": ["u" * 512], "device_ids": ["d" * 512]},
        {"aliases": [alias("l" * 255, "n" * 255)]},
        {"user_ids": ["😀" * 512, "日本", "\\", '"', "{}", "NULL", " "]},
        {"user_ids": ["ana"], "unknown": {"deep": [1e300]}},
    ],
)
def test_every_form_of_an_object_is_taken(tinyclues, change):
    assert tinyclues.change([change]).status_code == 201
    assert the_upload().ids >= 1


@pytest.mark.parametrize(
    "changes",
    [
        [adds(*USERS[:1_000])],
        [adds(*USERS[:500]), removes(*USERS[500:1_000])],
        [{"user_ids": USERS[:400], "device_ids": USERS[:400], "aliases": [alias("a", "b")] * 200}],
        [adds("ana")] * 1_000,
    ],
)
def test_a_thousand_ids_pass_and_one_more_is_refused_whole(tinyclues, changes):
    assert tinyclues.change(changes, "full").status_code == 201
    assert the_upload().ids == 1_000

    refused = tinyclues.change([*changes, {"device_ids": ["one more"]}], "overfull")

    assert refused.status_code == 400
    assert refused.json() == {"message": TOO_MANY_MESSAGE, "errors": ["received 1,001 ids"]}
    assert Upload.objects.count() == Cohort.objects.count() == 1


def test_the_connection_test_of_connectors_succeeds_and_creates_nothing(tinyclues):
    response = tinyclues.change([], "never named")

    assert (response.status_code, response.json()) == (201, {"message": "success"})
    assert not Cohort.objects.exists()
    assert not Upload.objects.exists()
    assert not RequestCount.objects.exists()


def test_empty_arrays_are_a_request_of_no_ids(tinyclues):
    assert tinyclues.change([{"user_ids": [], "device_ids": [], "aliases": []}]).status_code == 201
    assert the_upload().ids == 0


def test_a_cohort_never_named_is_made_and_shown_under_its_id(tinyclues):
    tinyclues.add("ana", cohort_id="autumn")

    cohort = Cohort.objects.get()
    assert (cohort.name, cohort.display_name) == ("", "autumn")


def test_requests_are_numbered_in_the_order_of_their_answers(tinyclues):
    for user in USERS[:5]:
        tinyclues.add(user)
    tinyclues.add("ana", cohort_id="autumn")

    numbered = Upload.objects.filter(cohort__external_id="spring").order_by("sequence")
    assert [(upload.sequence, upload.external_ids) for upload in numbered] == [
        (number, [user]) for number, user in enumerate(USERS[:5], 1)
    ]
    assert CohortHead.objects.get(cohort__external_id="spring").ids_received == 5


def test_an_archived_cohort_goes_on_receiving(tinyclues):
    tinyclues.name()
    Cohort.objects.update(archived_at=timezone.now())

    assert tinyclues.add("ana").status_code == 201
    assert the_upload().ids == 1


def test_without_an_idempotency_key_the_same_body_is_two_changes(tinyclues):
    tinyclues.add("ana")
    tinyclues.add("ana")

    assert Upload.objects.count() == 2


@pytest.mark.parametrize(
    "body", [value for value in REFUSED.values() if not isinstance(value, bytes)],
    ids=[name for name, value in REFUSED.items() if not isinstance(value, bytes)],
)  # fmt: skip
def test_every_fault_in_the_changes_has_one_message_and_leaves_no_trace(tinyclues, body):
    response = tinyclues.change(body)

    assert (response.status_code, response.json()["message"]) == (400, CHANGES_MESSAGE)
    assert len(response.json()["errors"]) == 1
    assert len(response.content) < 4_096
    for model in (Cohort, Upload, RequestCount, Identifier):
        assert not model.objects.exists()


def test_changes_that_are_missing_are_refused_with_the_same_message(tinyclues):
    response = tinyclues.post("cohorts/users", {"cohort_id": "spring"})

    assert (response.status_code, response.json()["message"]) == (400, CHANGES_MESSAGE)


@pytest.mark.parametrize(
    "raw",
    [b'[{"user_ids":["\\ud800"]}]', b'[{"user_ids":["\xed\xa0\x80"]}]', b'[{"user_ids":["\xff"]}]'],
)
def test_half_characters_in_an_id_are_refused(tinyclues, raw):
    keys = {"partner_api_key": tinyclues.partner_api_key, "client_secret": tinyclues.client_secret}
    body = json.dumps({**keys, "cohort_id": "spring"}).encode()[:-1]

    response = tinyclues.post_raw("cohorts/users", body + b',"cohort_changes":' + raw + b"}")

    assert response.status_code == 400
    assert not Upload.objects.exists()


def test_nobody_reaches_the_cohorts_of_another_workspace(tinyclues):
    tinyclues.add("ana")
    Connector("globex", "tinyclues").remove("ana")

    uploads = Upload.objects.values_list("cohort__workspace__slug", "sequence")
    assert set(uploads) == {("acme", 1), ("globex", 1)}
