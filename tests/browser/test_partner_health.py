"""An operator watches a partner's calls come in, good and bad, on pages that stand open."""

import json
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from tests.browser.visitor import PHONE, Visitor

pytestmark = pytest.mark.browser

GALLERY = "/admin/partners/partner/"


class Hightouch:
    """A partner that nobody else's tests call."""

    def __init__(self, instance):
        self.address = urlsplit(instance.url)
        issue = instance.manage
        self.keys = {
            "partner_api_key": issue("issue_partner_api_key", "hightouch").strip(),
            "client_secret": issue(
                "issue_data_import_key", "hightouch", "--workspace", "demo"
            ).strip(),
        }

    def call(self, changes, **fields):
        body = {**self.keys, "cohort_id": "travellers", "cohort_changes": changes, **fields}
        connection = HTTPConnection(self.address.hostname, self.address.port, timeout=10)
        connection.request("POST", "/partners/hightouch/cohorts/users", json.dumps(body))
        status = connection.getresponse().status
        connection.close()
        return status


@pytest.fixture(scope="module")
def hightouch(instance):
    return Hightouch(instance)


def open_hightouch(visitor):
    visitor.go(GALLERY)
    visitor.page.locator("#tile-hightouch").click()
    visitor.page.wait_for_load_state("networkidle")


def test_health_and_log_follow_the_calls_without_a_reload(visitor: Visitor, visit, hightouch):
    page = visitor.page
    open_hightouch(visitor)
    assert page.locator("#health h2").count() == 0

    # The first call, and then a bad one.
    assert hightouch.call([{"user_ids": ["demo-000003", "nobody-yet"]}]) == 201
    visitor.page.get_by_role("heading", name="Health").wait_for()
    page.get_by_text("The same in figures").click()
    assert hightouch.call([{"user_ids": "demo-000003"}]) == 400
    page.get_by_text("The cohort_changes are not in the form that they must have.").wait_for(
        timeout=20_000
    )
    assert page.locator("#health-hours").evaluate("hours => hours.open")
    visitor.expect(page.locator(".health-bad"), "1")
    drawn = "canvas => Chart.getChart(canvas).data.datasets.map(set => set.data.at(-1))"
    assert page.locator("canvas").first.evaluate(drawn) == [1, 1, 0]

    # The log, which goes on by itself.
    page.get_by_role("link", name="Request log").click()
    rows = page.locator("#log tbody tr")
    visitor.expect_count(rows, 2)
    assert hightouch.call([]) == 201
    page.get_by_text("A connection test: both keys are good").wait_for(timeout=20_000)
    visitor.expect_count(rows, 3)
    page.get_by_role("link", name="Refused").click()
    visitor.expect_count(rows, 1)
    assert "Send an array of objects." in rows.inner_text()
    assert not any(text.rsplit("_", 1)[1] in page.content() for text in hightouch.keys.values())
    assert visitor.complaints == []


def test_they_fit_a_phone(visit, hightouch):
    assert hightouch.call([{"user_ids": ["demo-000004"]}]) == 201
    assert hightouch.call("none") == 400
    visitor = visit(size=PHONE, scheme="dark")
    open_hightouch(visitor)
    page = visitor.path
    paths = [
        *(page, page.replace("change", "log")),
        "/admin/partners/loggedcall/",
        "/admin/workspaces/auditentry/",
    ]

    problems = {path: visitor.problems_at(path) for path in paths}

    assert {path: found for path, found in problems.items() if found} == {}
