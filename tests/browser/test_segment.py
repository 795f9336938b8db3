"""A marketer builds a segment from a partner's cohorts, and believes the number."""

import json
import re
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from tests.browser.visitor import PHONE, Visitor

pytestmark = pytest.mark.browser

ADD = "/admin/segments/segment/add/"
PRIMARY, RECENT = "primary-cohort", "recent-buyers-30d"


@pytest.fixture(scope="package")
def reach(instance):
    """Asks the REST API, which the number in the browser must agree with."""
    options = ("--workspace", "demo", "--permissions", "all")
    key = instance.manage("issue_rest_api_key", *options).strip()

    def reach(included=(), excluded=()):
        tree = {"version": 1, "match": "all", "groups": group(included)}
        tree["exclusions"] = group(excluded)
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        body = json.dumps({"filters": tree}).encode()
        connection = HTTPConnection(urlsplit(instance.url).netloc, timeout=30)
        connection.request("POST", "/segments/reach", body, headers)
        return json.load(connection.getresponse())["total"]

    return reach


def group(cohorts):
    kind = {"kind": "cohort", "partner": "tinyclues", "operator": "includes"}
    return [{"filters": [{**kind, "cohorts": list(cohorts)}]}] if cohorts else []


def total(visitor):
    return visitor.page.locator("#segment-reach .segment-total")


def shown(number):
    return re.compile(f"^{number:,}$")


def test_a_new_segment_reaches_everyone(visitor: Visitor, reach):
    visitor.go(ADD)

    assert shown(reach()).match(total(visitor).inner_text())


def test_picking_a_cohort_shows_its_exact_number_at_once(visitor: Visitor, reach):
    visitor.go(ADD)
    visitor.pick(PRIMARY)

    visitor.expect(total(visitor), shown(reach([PRIMARY])))
    assert visitor.complaints == []


def test_does_not_include_shows_everyone_else(visitor: Visitor, reach):
    visitor.go(ADD)
    visitor.pick(PRIMARY)
    visitor.page.get_by_label("Operator").select_option(label="does not include")

    visitor.expect(total(visitor), shown(reach() - reach([PRIMARY])))


def test_an_exclusion_says_what_it_takes_away(visitor: Visitor, reach):
    visitor.go(ADD)
    visitor.pick(PRIMARY)
    visitor.page.get_by_role("button", name="Add exclusion group").click()
    exclusion = visitor.page.get_by_role("group", name="Exclusion group 1")
    visitor.pick(RECENT, within=exclusion)

    left = reach([PRIMARY], [RECENT])
    visitor.expect(total(visitor), shown(left))
    taken = f"takes away {reach([PRIMARY]) - left:,}"
    visitor.expect(exclusion.locator(".segment-count").last, re.compile(taken))


def test_a_cohort_is_found_by_its_export_file_name(visitor: Visitor):
    visitor.go(ADD)
    visitor.page.get_by_label("What").select_option(label="Tinyclues Cohorts")
    visitor.page.locator(f"input[value='{PRIMARY}']").wait_for()
    visitor.page.get_by_label("Find by name").fill("WINBACK lapsed-6_months.csv")

    picks = visitor.page.locator(".segment-pick")
    visitor.expect_count(picks, 1)
    assert "Winback" in picks.inner_text()


def test_a_saved_segment_is_in_the_list_with_its_size(visitor: Visitor, reach):
    visitor.go(ADD)
    visitor.page.get_by_label("Name", exact=False).first.fill("Spring mailing")
    visitor.pick(PRIMARY)
    visitor.page.get_by_role("button", name="Save").click()
    visitor.page.get_by_text("Spring mailing is saved.").wait_for()

    visitor.go("/admin/segments/segment/")
    row = visitor.page.locator("#result_list tr", has_text="Spring mailing")

    assert f"{reach([PRIMARY]):,}" in row.inner_text()
    assert visitor.complaints == []


def test_a_phone_shows_the_form_without_scrolling_sideways(visit):
    visitor = visit(size=PHONE)

    assert visitor.problems_at(ADD) == []


def test_the_form_works_without_javascript(visit, reach):
    visitor = visit(java_script_enabled=False)
    visitor.go(ADD)
    visitor.page.get_by_label("What").select_option(label="Tinyclues Cohorts")
    visitor.page.get_by_role("button", name="Find").click()
    visitor.page.locator(f"input[value='{PRIMARY}']").check()
    visitor.page.get_by_label("Name", exact=False).first.fill("Made without scripts")
    visitor.page.get_by_role("button", name="Save").click()

    visitor.expect(total(visitor), shown(reach([PRIMARY])))
    assert "Made without scripts is saved." in visitor.text
