"""The audit log narrowed, searched and exported; and from where each entry came."""

import csv
import io
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import BY, make_member, make_operator, make_rest_key, make_workspace
from tests.factories import bearer as with_key
from workspaces import audit
from workspaces.audit_log.words import KINDS, WORDS
from workspaces.models import AuditEntry
from workspaces.roles import Role

pytestmark = pytest.mark.django_db

LIST = "admin:workspaces_auditentry_changelist"
EXPORT = "admin:workspaces_auditentry_export"


@pytest.fixture
def acme():
    return make_workspace()


@pytest.fixture
def olga(client, acme):
    client.force_login(make_operator())
    AuditEntry.objects.all().delete()
    return client


def note(workspace, *, by=BY, action="segment.created", kind="cohort", thing="1", at=None, **more):
    entry = audit.record(
        workspace=workspace, by=by, action=action, object_type=kind, object_id=thing, details=more
    )
    if at:
        AuditEntry.objects.filter(pk=entry.pk).update(at=datetime.fromisoformat(at))
    return entry.pk


def listed(client, **parameters):
    answer = client.get(reverse(LIST), parameters)
    assert answer.status_code == 200
    return {entry.pk for entry in answer.context["cl"].result_list}


def exported(client, **parameters):
    answer = client.get(reverse(EXPORT), parameters)
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode())))


# --- Narrowing -----------------------------------------------------------------------------


def test_it_is_narrowed_by_who_what_and_kind(olga, acme):
    marta = note(acme, by="marta")
    key = note(acme, by="qs_rak_123", action="users.track", kind="workspace")
    note(acme, by="omar", action="segment.changed")

    assert listed(olga, who="MAR") == {marta}
    assert listed(olga, action="users.track") == {key}
    assert listed(olga, object="workspace") == {key}
    assert listed(olga, who="marta", action="users.track") == set()


def test_it_is_narrowed_to_a_time_of_which_each_end_may_be_open(olga, acme):
    first = note(acme, at="2026-05-01T23:59:59Z")
    second = note(acme, at="2026-05-02T12:00:00Z")
    third = note(acme, at="2026-05-03T00:00:00Z")

    assert listed(olga, at_from_0="2026-05-02") == {second, third}
    assert listed(olga, at_to_0="2026-05-02") == {first, second}
    assert listed(olga, at_from_0="2026-05-02", at_from_1="12:00:01") == {third}
    assert listed(olga, at_from_0="2026-05-02", at_to_0="2026-05-02") == {second}


@pytest.mark.parametrize(
    "wrong", [{"at_from_0": "soon"}, {"at_to_0": "2026-05-02", "at_to_1": "noon"}]
)
def test_a_time_that_is_none_is_not_passed_over(olga, acme, wrong):
    note(acme)

    for name in (LIST, EXPORT):
        answer = olga.get(reverse(name), wrong)
        assert answer.status_code == 302, "it shows what it wasn't asked for"


def test_it_is_searched_by_the_words_that_people_read_and_by_details(olga, acme):
    created = note(acme, by="marta", thing="spring")
    renamed = note(acme, action="partner.renamed", kind="partner", to="Splio")

    assert listed(olga, q="segment created") == {created}
    assert listed(olga, q="MARTA spring") == {created}
    assert listed(olga, q="splio") == {renamed}
    assert listed(olga, q="marta renamed") == set()


@pytest.mark.parametrize("name", ["who", "action", "object", "q"])
def test_a_text_that_no_entry_can_hold_finds_what_it_says_without_it(olga, acme, name):
    note(acme)

    assert olga.get(reverse(LIST), {name: "mar\0ta"}).status_code == 200


def test_each_kind_of_object_that_is_noted_has_words():
    assert {action.split(".")[0] for action in WORDS} >= {"segment", "cohort", "partner"}
    assert {"partner", "integration", "user", "cohort", "segment", "workspace"} <= set(KINDS)


# --- The file ------------------------------------------------------------------------------


def test_the_export_has_what_the_list_shows_on_all_its_pages(olga, acme):
    for number in range(120):
        note(acme, by="marta", thing=str(number))
    note(acme, by="omar")

    lines = exported(olga, who="marta")

    assert [line["object id"] for line in lines] == [str(number) for number in range(119, -1, -1)]
    assert {line["who"] for line in lines} == {"marta"}


def test_a_line_says_who_what_which_when_and_from_where(olga, acme):
    pk = note(acme, by="marta", at="2026-05-01T10:00:00Z", fields=3)
    AuditEntry.objects.filter(pk=pk).update(address="203.0.113.7")

    assert exported(olga) == [
        {
            "when": "2026-05-01T10:00:00+00:00",
            "who": "marta",
            "what": "Segment created",
            "kind of object": "Cohort",
            "object": "1",
            "object id": "1",
            "from where": "203.0.113.7",
            "workspace": "acme",
            "details": '{"fields": 3}',
        }
    ]


def test_no_cell_of_it_is_a_formula(olga, acme):
    note(acme, by="=cmd|' /C calc'!A0", thing="@SUM(1)")

    (line,) = exported(olga)

    assert line["who"] == "'=cmd|' /C calc'!A0"
    assert line["object"] == line["object id"] == "'@SUM(1)"


def test_a_longer_export_takes_no_more_queries(olga, acme):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            exported(olga)
        return len(captured)

    note(acme, kind="workspace", thing=str(acme.pk))
    few = queries()
    for _ in range(200):
        note(acme, kind="workspace", thing=str(acme.pk))

    assert queries() == few


def test_nothing_of_another_workspace_is_in_it(client, acme):
    note(make_workspace("globex"), by="zoe of globex")
    note(None, by="whoever runs it all")
    client.force_login(make_member(acme, Role.ADMINISTRATOR))

    assert {line["workspace"] for line in exported(client)} == {"acme"}


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.MARKETER, Role.VIEWER])
def test_who_may_not_read_the_log_gets_no_file(client, acme, role):
    client.force_login(make_member(acme, role))

    assert client.get(reverse(EXPORT)).status_code == 404


# --- From where ----------------------------------------------------------------------------


def test_an_entry_says_from_where_the_change_came(olga, acme, settings):
    settings.TRUSTED_PROXIES = ["127.0.0.0/8"]
    page = reverse("admin:workspaces_workspace_change", args=[acme.pk])
    form = {"name": "Acme Ltd", "waiting_retention_days": 7, "waiting_cap": 10}

    answer = olga.post(page, form, headers={"X-Forwarded-For": "203.0.113.7"})

    assert answer.status_code == 302
    entry = AuditEntry.objects.get(action="workspace.changed")
    assert (entry.address, entry.actor) == ("203.0.113.7", "olga")
    assert "203.0.113.7" in olga.get(reverse(LIST)).content.decode()


def test_a_call_over_the_api_says_so_too(olga, acme):
    key = make_rest_key(acme)

    answer = olga.post(
        "/users/track",
        {"attributes": [{"external_id": "ana"}]},
        content_type="application/json",
        **with_key(key),
    )

    assert answer.status_code == 201
    assert AuditEntry.objects.get(action="users.track").address == "127.0.0.1"


def test_what_no_request_led_to_has_no_address(olga, acme):
    olga.get(reverse(LIST))

    assert AuditEntry.objects.get(pk=note(acme)).address is None


def test_times_are_in_utc(olga, acme):
    note(acme, at=datetime(2026, 5, 1, 10, tzinfo=UTC).isoformat())

    assert exported(olga)[0]["when"].endswith("+00:00")
