"""The request log: what each call leaves there, in whose log, and what none may leave."""

import json
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from cohorts.models import Upload
from cohorts.tests.factories import Connector, adds
from common import keys
from common.keys import KeyKind
from partners import reasons
from partners.models import DataImportKey, HourlyFigures, Integration, LoggedCall, PartnerApiKey
from partners.request_log import LINES_A_MINUTE, journal
from partners.request_log_writer import write_down
from tests.factories import make_keys, make_partner, make_workspace

pytestmark = pytest.mark.django_db

GOOD = {
    "cohort_id": "spring",
    "name": "Spring",
    "created_at": "2026-05-04T10:00:00Z",
    "cohort_changes": [adds("ana")],
}


@pytest.fixture(autouse=True)
def _nothing_noted():
    journal.start_over()


@pytest.fixture
def tinyclues(db):
    return Connector("acme", "tinyclues")


def lines(**which):
    write_down()
    return list(LoggedCall.objects.filter(**which).order_by("id"))


def line():
    (only,) = lines()
    return only


def figures(workspace_id):
    write_down()
    return HourlyFigures.objects.get(workspace_id=workspace_id)


def with_another_end(key):
    return key[:-1] + ("A" if key[-1] != "A" else "B")


# --- What is noted -----------------------------------------------------------------------


def test_a_refused_call_is_noted_with_everything_that_helps_to_mend_it(tinyclues):
    answer = tinyclues.change([{"user_ids": ["ana"], "should_remove": "yes"}])

    noted = line()

    assert answer.status_code == noted.status == 400
    assert (noted.workspace_id, noted.partner_id) == (tinyclues.workspace.pk, tinyclues.partner.pk)
    assert (noted.path, noted.reason) == ("/partners/tinyclues/cohorts/users", "bad_changes")
    assert noted.errors == answer.json()["errors"]
    assert noted.request_id == uuid.UUID(answer["X-Request-Id"])
    assert (noted.cohort, noted.address) == ("spring", "127.0.0.1")
    assert noted.client_secret == DataImportKey.objects.get().prefix
    assert abs(timezone.now() - noted.at) < timedelta(minutes=1)


def test_an_upload_leaves_its_ledger_row_and_no_line_besides(tinyclues):
    tinyclues.add("ana")

    assert lines() == []
    assert Upload.objects.count() == 1


def test_a_naming_a_connection_test_and_a_replay_are_noted(tinyclues):
    once = {"Idempotency-Key": "order-66"}
    tinyclues.name()
    tinyclues.change([])
    tinyclues.change([adds("ana", "bob")], headers=once)
    tinyclues.change([adds("ana", "bob")], headers=once)

    noted = [(each.status, each.reason, each.cohort, each.ids) for each in lines()]

    assert noted == [
        (201, "named", "spring", None),
        (201, "tested", "spring", 0),
        (201, "replayed", "spring", 2),
    ]


# --- Every refusal, and its words --------------------------------------------------------


def wrong_secret(tinyclues, **changes):
    DataImportKey.objects.update(**changes)
    tinyclues.add("ana")


def wrong_partner_key(tinyclues, **changes):
    PartnerApiKey.objects.update(**changes)
    tinyclues.add("ana")


def too_fast(tinyclues, settings):
    settings.PARTNER_REQUESTS_PER_HOUR = 0
    tinyclues.add("ana")


def reused(tinyclues):
    once = {"Idempotency-Key": "order-66"}
    tinyclues.change([adds("ana")], headers=once)
    tinyclues.change([adds("bob")], headers=once)


def disabled(tinyclues):
    Integration.objects.update(disabled_at=timezone.now())
    tinyclues.add("ana")


def with_keys(tinyclues, **fields):
    both = {"partner_api_key": tinyclues.partner_api_key, "client_secret": tinyclues.client_secret}
    return json.dumps({**both, **GOOD, **fields})


def of_segment(tinyclues, field):
    segment = Connector("acme", "segment")
    tinyclues.post("cohorts", {**GOOD, field: getattr(segment, field)})


HOUR_AGO = timezone.now() - timedelta(hours=1)

REFUSALS = {
    "not_json": lambda t, s: t.post_raw("cohorts", with_keys(t)[:-1]),
    "bad_cohort_id": lambda t, s: t.name(cohort_id=""),
    "bad_name": lambda t, s: t.name(name=" "),
    "bad_created_at": lambda t, s: t.name(created_at="yesterday"),
    "bad_export_file_name": lambda t, s: t.name(export_file_name=7),
    "bad_changes": lambda t, s: t.change([{}]),
    "too_many_ids": lambda t, s: t.change([adds(*map(str, range(1_001)))]),
    "bad_idempotency_key": lambda t, s: t.change([], headers={"Idempotency-Key": "a b"}),
    "partner_key_missing": lambda t, s: t.post("cohorts", {"partner_api_key": None}),
    "partner_key_unknown": lambda t, s: t.post(
        "cohorts", {"partner_api_key": keys.generate(KeyKind.PARTNER_API).text}
    ),
    "partner_key_invalidated": lambda t, s: wrong_partner_key(t, invalidated_at=HOUR_AGO),
    "partner_key_expired": lambda t, s: wrong_partner_key(t, expires_at=HOUR_AGO),
    "partner_key_elsewhere": lambda t, s: of_segment(t, "partner_api_key"),
    "partner_key_garbled": lambda t, s: t.post(
        "cohorts", {"partner_api_key": with_another_end(t.partner_api_key)}
    ),
    "secret_invalidated": lambda t, s: wrong_secret(t, invalidated_at=HOUR_AGO),
    "secret_expired": lambda t, s: wrong_secret(t, expires_at=HOUR_AGO),
    "secret_elsewhere": lambda t, s: of_segment(t, "client_secret"),
    "secret_garbled": lambda t, s: t.post(
        "cohorts", {"client_secret": with_another_end(t.client_secret)}
    ),
    "disabled": lambda t, s: disabled(t),
    "unknown_partner": lambda t, s: t.client.post(
        "/partners/nobody/cohorts", with_keys(t), content_type="application/json"
    ),
    "unknown_path": lambda t, s: t.post("cohort", GOOD),
    "wrong_method": lambda t, s: t.client.put(
        "/partners/tinyclues/cohorts", with_keys(t), content_type="application/json"
    ),
    "too_large": lambda t, s: (
        setattr(s, "REQUEST_BODY_LIMIT", 1_000),
        t.post("cohorts", {**GOOD, "rest": "x" * 2_000}),
    ),
    "wrong_type": lambda t, s: t.post_raw("cohorts", with_keys(t), content_type="text/plain"),
    "idempotency_key_reused": lambda t, s: reused(t),
    "too_fast": too_fast,
}


@pytest.mark.parametrize("code", REFUSALS)
def test_each_refusal_of_a_known_key_stands_in_its_log_in_words(tinyclues, settings, code):
    REFUSALS[code](tinyclues, settings)

    noted = lines()[-1]

    assert noted.reason == code
    assert noted.workspace_id == tinyclues.workspace.pk
    assert reasons.reason(code).what and reasons.reason(code).advice


def test_there_are_words_for_everything_that_a_call_can_come_to(tinyclues):
    elsewhere = {"secret_missing", "secret_unknown", "plain_http", "unavailable"}
    accepted = {"named", "tested", "replayed"}
    # Before the key is looked up, and for what an older version wrote.
    general = {"partner_key", "secret", "not_found", "refused", "failed"}

    assert set(REFUSALS) | elsewhere | accepted | general == set(reasons.REASONS)
    assert set(reasons.CODES.values()) <= set(reasons.REASONS)


# --- In whose log ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("secret", "code"),
    [
        (None, "secret_missing"),
        ("qs_dik_", "secret_missing"),
        (keys.generate(KeyKind.DATA_IMPORT).text, "secret_unknown"),
    ],
    ids=["none", "a beginning", "of nobody"],
)
def test_a_call_without_a_known_key_stands_in_the_installation_s_log(tinyclues, secret, code):
    tinyclues.post("cohorts", {**GOOD, "client_secret": secret})

    noted = line()

    assert (noted.reason, noted.workspace_id) == (code, None)
    assert noted.partner_id == tinyclues.partner.pk


def test_a_compressed_body_is_nobody_s_because_it_is_not_read(tinyclues):
    tinyclues.post("cohorts", GOOD, headers={"Content-Encoding": "gzip"})

    noted = line()

    assert (noted.reason, noted.workspace_id) == ("wrong_type", None)


def test_a_call_over_plain_http_is_noted_without_a_look_at_its_keys(tinyclues, settings):
    settings.SECURE_SSL_REDIRECT, settings.SECURE_REDIRECT_EXEMPT = True, ["^partners/"]
    tinyclues.add("ana")

    noted = line()

    assert (noted.status, noted.reason, noted.client_secret) == (403, "plain_http", "")


def test_a_refusal_stands_in_the_log_of_the_workspace_of_its_key_alone(tinyclues):
    globex = make_workspace("globex")
    make_keys(globex, make_partner())

    tinyclues.change([{}])

    assert lines(workspace_id=globex.pk) == []
    assert len(lines(workspace_id=tinyclues.workspace.pk)) == 1


def test_a_key_used_on_another_partner_s_path_stands_where_the_key_is_from(tinyclues):
    segment = make_partner("segment")
    tinyclues.client.post(
        "/partners/segment/cohorts", with_keys(tinyclues), content_type="application/json"
    )

    noted = line()

    assert (noted.workspace_id, noted.partner_id) == (
        tinyclues.workspace.pk,
        tinyclues.partner.pk,
    )
    assert noted.partner_id != segment.pk
    assert noted.reason == "partner_key_elsewhere"


# --- What it never holds -----------------------------------------------------------------


def test_no_line_holds_a_key_an_id_of_a_user_or_what_does_not_print(tinyclues):
    secret = tinyclues.client_secret
    tinyclues.change([{"user_ids": ["ana@example.com", 7]}])
    tinyclues.change([{"user_ids": ["ana@example.com"], "should_remove": secret}])
    tinyclues.name(name="", cohort_id=f"{secret}\n\u202e")
    for path in (f"{secret}/cohorts?key={secret}", f"tinyclues/{secret[:-9]}%0Acohorts"):
        tinyclues.client.post(
            f"/partners/{path}", with_keys(tinyclues), content_type="application/json"
        )
    tinyclues.post_raw("cohorts", f"ana@example.com {secret}")

    noted = lines()

    text = "".join(repr(list(vars(each).values())) for each in noted)
    assert len(noted) == 6
    for canary in ("ana@", secret.split("_")[3], secret.split("_")[3][:-15], "\\n", "\\u202e"):
        assert canary not in text
    assert DataImportKey.objects.get().prefix in text


def test_a_stranger_s_cohort_id_is_not_kept(tinyclues):
    tinyclues.post("cohorts", {**GOOD, "client_secret": None, "cohort_id": "ana@example.com"})

    assert line().cohort == ""


# --- Bounds ------------------------------------------------------------------------------


def test_a_flood_of_refusals_is_all_counted_and_listed_within_the_cap(tinyclues):
    for _ in range(LINES_A_MINUTE + 10):
        tinyclues.change([{}])

    assert len(lines()) == LINES_A_MINUTE
    assert figures(tinyclues.workspace.pk).refused == LINES_A_MINUTE + 10


def test_writing_a_hundred_lines_takes_no_more_statements_than_one(
    tinyclues, django_assert_num_queries
):
    others = [Connector("acme", "segment"), Connector("globex", "tinyclues"), tinyclues]
    # Savepoint; partners, data import keys, partner keys; lines; figures; release.
    for how_many in (1, 33):
        for connector in others:
            for _ in range(how_many):
                connector.change([{}])
                connector.post("cohorts", {"partner_api_key": None})
        with django_assert_num_queries(7):
            write_down()


def test_nothing_noted_is_nothing_written(tinyclues, django_assert_num_queries):
    tinyclues.add("ana")

    with django_assert_num_queries(0):
        write_down()


# --- The hour's figures ------------------------------------------------------------------


def test_the_hour_counts_refusals_failures_and_what_is_not_stored(tinyclues, monkeypatch):
    tinyclues.change([])
    tinyclues.change([{}])
    tinyclues.post("cohorts", {"partner_api_key": None})
    tinyclues.client.raise_request_exception = False
    monkeypatch.setattr("cohorts.partner_api.requests.naming", None)  # a bug
    assert tinyclues.name().status_code == 500

    hour = figures(tinyclues.workspace.pk)

    assert (hour.refused, hour.failed, hour.unstored) == (2, 1, 1)
    assert lines()[-1].reason == "failed"
    assert hour.last_unstored_at < hour.last_error_at


def test_a_later_batch_adds_to_the_hour(tinyclues):
    tinyclues.change([{}])
    before = figures(tinyclues.workspace.pk)
    tinyclues.change([{}])

    after = figures(tinyclues.workspace.pk)

    assert (before.refused, after.refused) == (1, 2)
    assert after.last_error_at > before.last_error_at


def test_calls_of_nobody_count_for_the_installation(client):
    client.post("/partners/nobody/cohorts", "{}", content_type="application/json")

    hour = figures(0)

    assert (hour.partner_id, hour.refused) == (0, 1)
