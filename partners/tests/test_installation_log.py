"""Calls whose keys named no workspace: for whoever runs the installation."""

import pytest
from django.urls import reverse

from cohorts.tests.factories import Connector
from partners.models import LoggedCall
from partners.request_log import LINES_A_MINUTE, journal
from partners.request_log_writer import write_down
from tests.factories import make_member, make_operator
from workspaces.roles import Role

pytestmark = pytest.mark.django_db

LOG = "admin:partners_loggedcall_changelist"


@pytest.fixture
def tinyclues():
    journal.start_over()
    return Connector("acme", "tinyclues")


@pytest.fixture
def olga(client, tinyclues):
    client.force_login(make_operator())
    return client


def shown(client, **parameters):
    write_down()
    return client.get(reverse(LOG), parameters)


def test_it_shows_the_calls_that_named_no_workspace_and_no_other(olga, tinyclues):
    tinyclues.change("none")
    tinyclues.client_secret = "qs_dik_mistyped"
    tinyclues.change("none")

    (line,) = shown(olga).context["log"].lines

    assert (line.status, line.partner) == (401, "Tinyclues")
    assert "client_secret" in str(line.reason.advice)


def test_a_call_to_a_partner_that_does_not_exist_is_in_it(olga, tinyclues):
    tinyclues.client.post("/partners/tinycluse/cohorts", "{}", content_type="application/json")

    text = shown(olga).content.decode()

    assert "/partners/tinycluse/cohorts" in text
    assert "There is no partner of the name that stands in the path." in text


def test_a_call_is_found_by_the_id_that_its_answer_carried(olga, tinyclues):
    refused = [tinyclues.post_raw("cohorts", "no JSON")["X-Request-Id"] for _ in range(2)]
    somebody_s = tinyclues.change("none")["X-Request-Id"]

    def found(text):
        return [str(line.request_id) for line in shown(olga, request=text).context["log"].lines]

    assert found(refused[0]) == [refused[0]]
    assert found(somebody_s) == found("cohorts") == []


def test_a_flood_gets_so_many_lines_a_minute(olga, tinyclues):
    for _ in range(LINES_A_MINUTE + 20):
        tinyclues.post_raw("cohorts", "no JSON")

    assert len(shown(olga).context["log"].lines) <= 2 * LINES_A_MINUTE
    assert LoggedCall.objects.count() in (LINES_A_MINUTE, LINES_A_MINUTE + 20)


def test_each_has_a_page_of_its_own_and_those_of_workspaces_have_none_here(olga, tinyclues):
    tinyclues.change("none")
    tinyclues.post_raw("cohorts", "no JSON")
    write_down()
    ours, nobodys = LoggedCall.objects.order_by("id")

    def page(call):
        return olga.get(reverse("admin:partners_loggedcall_change", args=[call.pk]))

    assert "The body is not a JSON object." in page(nobodys).content.decode()
    assert page(ours).status_code == 404


@pytest.mark.parametrize("role", Role.values)
def test_for_everybody_else_it_is_not_there(client, tinyclues, role):
    tinyclues.post_raw("cohorts", "no JSON")
    client.force_login(make_member(tinyclues.workspace, role))

    assert shown(client).status_code == 404
    assert reverse(LOG) not in client.get(reverse("admin:index")).content.decode()
