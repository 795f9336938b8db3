"""Health on a partner's page: figures, charts, a table of the same, and what went wrong."""

import json
import re
from html import unescape

import pytest
from django.urls import reverse

from cohorts.tests.factories import Connector, apply_all, make_users
from partners.models import HourlyFigures, RequestCount
from partners.request_log import journal
from partners.request_log_writer import write_down
from tests.factories import make_member, make_operator
from workspaces.roles import Role

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_noted():
    journal.start_over()


@pytest.fixture
def tinyclues():
    return Connector("acme", "tinyclues")


@pytest.fixture
def olga(client, tinyclues):
    client.force_login(make_operator())
    return client


def page(connector, name="health"):
    return reverse(f"admin:partners_partner_{name}", args=[connector.partner.pk])


def shown(client, connector, **parameters):
    write_down()
    return client.get(page(connector), parameters).content.decode()


def charts(text):
    return [json.loads(unescape(found)) for found in re.findall(r'data-chart="([^"]*)"', text)]


def test_until_the_first_call_nothing_is_shown_and_it_goes_on_asking(olga, tinyclues):
    text = shown(olga, tinyclues)

    assert "<h2" not in text
    assert 'hx-trigger="every' in text


def test_a_partner_who_has_called_has_figures_and_charts_of_them(olga, tinyclues):
    make_users(tinyclues.workspace, ["ana"])
    tinyclues.add("ana", "nobody")
    tinyclues.change("none")
    apply_all()

    text = shown(olga, tinyclues)

    requests, matching = charts(text)
    assert [sum(one["figures"]) for one in requests["series"]] == [1, 1, 0]
    assert len(requests["labels"]) == 48
    (rates,) = matching["series"]
    assert [rate for rate in rates["figures"] if rate is not None] == [50.0]
    assert "50.0 %" in text
    assert "<table" in text
    assert page(tinyclues, "log") in text


def test_it_looks_a_week_back_when_it_is_asked_to(olga, tinyclues):
    tinyclues.add("ana")

    assert len(charts(shown(olga, tinyclues, hours="168"))[0]["labels"]) == 168
    assert len(charts(shown(olga, tinyclues, hours="9999"))[0]["labels"]) == 48
    assert "hours=168" in olga.get(page(tinyclues, "change"), {"hours": "168"}).content.decode()


def test_it_says_what_went_wrong_and_what_to_change_each_reason_once(olga, tinyclues):
    for _ in range(3):
        tinyclues.change("none")
    tinyclues.post("cohorts/nowhere", {})

    text = shown(olga, tinyclues)

    assert text.count("The cohort_changes are not in the form that they must have.") == 1
    assert "Post to /cohorts or /cohorts/users" in text


def test_a_partner_who_fell_silent_is_told_so(olga, tinyclues):
    tinyclues.add("ana")
    write_down()
    for figures in (RequestCount, HourlyFigures):
        figures.objects.all().delete()

    text = shown(olga, tinyclues)

    assert "No calls in this time." in text
    assert charts(text) == []


def test_who_may_not_see_keys_sees_health_and_no_way_to_the_calls(client, tinyclues):
    client.force_login(make_member(tinyclues.workspace, Role.MARKETER))
    tinyclues.add("ana")

    text = shown(client, tinyclues)

    assert len(charts(text)) == 1
    assert page(tinyclues, "log") not in text
    assert "qs_dik_" not in text
