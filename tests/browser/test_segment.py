"""A marketer builds a segment from a partner's cohorts, and believes the number."""

import json
import re
from http.client import HTTPConnection
from time import monotonic
from urllib.parse import urlsplit

import pytest

from tests.browser.test_accessibility import violations
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


# Counted across pages, for the tab.
COUNT_CLICKS = """
addEventListener("click", (event) => {
    if (!event.isTrusted) return;
    sessionStorage.setItem("clicks", Number(sessionStorage.getItem("clicks") ?? 0) + 1);
}, { capture: true });
"""


def first_group(visitor):
    return visitor.page.get_by_role("group", name="Filter group 1")


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
    visitor.filter_by("Tinyclues Cohorts", first_group(visitor))
    search = visitor.page.get_by_role("combobox", name="Find by name")
    search.fill("WINBACK lapsed-6_months.csv")

    picks = visitor.page.get_by_role("listbox").get_by_role("option")
    visitor.expect_count(picks, 1)
    assert "Winback" in picks.inner_text()
    assert re.search(r"\d users", picks.inner_text())
    assert "updated" in picks.inner_text()


def test_the_first_segment_takes_under_a_minute_and_under_ten_clicks(visitor: Visitor):
    """From the landing page, as the partner's documentation says it, word for word."""
    page = visitor.page
    page.add_init_script(COUNT_CLICKS)
    visitor.go("/admin/")
    start = monotonic()

    page.locator("#nav-sidebar-apps").get_by_role("link", name="Segments").click()
    page.locator("a[href*='/segment/add/']:visible").first.click()
    page.get_by_label("Name", exact=False).first.click()
    page.keyboard.type("Winback mailing")
    visitor.filter_by("Tinyclues Cohorts", first_group(visitor))
    assert page.get_by_label("Operator").locator("option:checked").inner_text() == "includes"
    page.get_by_role("combobox", name="Find by name").click()
    page.keyboard.type("winback_lapsed_6_months.csv")
    picks = page.get_by_role("listbox").get_by_role("option")
    visitor.expect_count(picks, 1)
    picks.click()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Winback mailing is saved. It reaches").wait_for()

    # Choosing from a list of the browser's own takes two clicks that no page sees.
    clicks = int(page.evaluate("sessionStorage.getItem('clicks')")) + 2
    assert 5 < clicks < 10
    assert monotonic() - start < 60


def test_an_answer_that_comes_late_never_takes_the_place_of_a_newer_one(visitor: Visitor, reach):
    """Also where the older question can't be broken off."""
    page = visitor.page
    page.add_init_script("AbortController.prototype.abort = () => {}")
    visitor.go(ADD)
    visitor.pick(PRIMARY)
    visitor.expect(total(visitor), shown(reach([PRIMARY])))
    held = []
    page.route("**/reach/", lambda route: held.append(route), times=1)

    with page.expect_request("**/reach/"):
        first_group(visitor).get_by_label("OR: any of the filters").check()
    visitor.pick(RECENT)
    visitor.expect(total(visitor), shown(reach([PRIMARY, RECENT])))
    with page.expect_response("**/reach/"):
        held[0].continue_()
    page.wait_for_load_state("networkidle")

    visitor.expect(total(visitor), shown(reach([PRIMARY, RECENT])))


def test_what_is_typed_while_an_edit_is_under_way_stays(visitor: Visitor):
    visitor.go(ADD)
    held = []
    visitor.page.route(f"**{ADD}", lambda route: held.append(route), times=1)
    with visitor.page.expect_request(f"**{ADD}"):
        visitor.page.get_by_role("button", name="Add filter group").click()

    visitor.page.get_by_label("Name of the group").fill("Early birds")
    visitor.page.get_by_role("button", name="Add exclusion group").click()
    held[0].continue_()

    visitor.expect_count(visitor.page.get_by_role("group", name="Filter group 2"), 1)
    visitor.expect_count(visitor.page.get_by_role("group", name="Exclusion group 1"), 1)
    assert visitor.page.get_by_label("Name of the group").first.input_value() == "Early birds"


def test_edits_are_undone_and_done_again_by_keyboard(visitor: Visitor, reach):
    visitor.go(ADD)
    visitor.pick(PRIMARY)
    visitor.page.get_by_role("button", name="Add exclusion group").click()
    exclusion = visitor.page.get_by_role("group", name="Exclusion group 1")
    visitor.pick(RECENT, within=exclusion)
    visitor.expect(total(visitor), shown(reach([PRIMARY], [RECENT])))

    visitor.page.keyboard.press("Control+z")
    visitor.expect(total(visitor), shown(reach([PRIMARY])))
    visitor.page.keyboard.press("Control+Shift+z")
    visitor.expect(total(visitor), shown(reach([PRIMARY], [RECENT])))
    for _ in range(10):
        visitor.page.keyboard.press("Control+z")
    visitor.expect(total(visitor), shown(reach()))
    visitor.expect_count(exclusion, 0)
    assert visitor.complaints == []


def test_a_segment_is_built_by_keyboard_alone(visitor: Visitor, reach):
    visitor.go(ADD)
    press, kind = visitor.page.keyboard.press, visitor.page.keyboard.type
    visitor.filter_by("Tinyclues Cohorts", first_group(visitor))
    visitor.page.get_by_label("Operator").focus()

    press("Tab")
    kind(PRIMARY)
    option = visitor.page.locator(f"[role=option][data-value='{PRIMARY}']")
    recent = visitor.page.locator(f"[role=option][data-value='{RECENT}']")
    visitor.expect_class(option, "is-active")
    press("Enter")
    visitor.expect(total(visitor), shown(reach([PRIMARY])))
    kind(RECENT)
    visitor.expect_class(recent, "is-active")
    press("Enter")
    visitor.expect_count(visitor.page.locator(".segment-chip"), 2)
    press("Backspace")
    visitor.expect(total(visitor), shown(reach([PRIMARY])))
    press("Control+s")

    visitor.page.get_by_text("This field is required").wait_for()
    visitor.expect(total(visitor), shown(reach([PRIMARY])))


def test_leaving_asks_while_something_isnt_saved(visitor: Visitor):
    page = visitor.page
    visitor.go(ADD)
    page.get_by_label("Name", exact=False).first.click()
    page.keyboard.type("Half a segment")
    page.get_by_text("Not saved yet").wait_for()
    page.once("dialog", lambda dialog: dialog.dismiss())

    with page.expect_event("dialog") as asked:
        page.get_by_role("link", name="Cancel").click(no_wait_after=True)

    assert asked.value.type == "beforeunload"
    assert visitor.path == ADD


def test_negatives_joined_by_or_are_warned_of_and_mended_by_a_button(visitor: Visitor, reach):
    visitor.go(ADD)
    group = first_group(visitor)
    visitor.pick(PRIMARY)
    group.get_by_role("button", name="Add filter").click()
    visitor.expect_count(group.locator(".segment-row"), 2)
    visitor.pick(PRIMARY)
    group.get_by_label("Operator").last.select_option(label="does not include")
    group.get_by_label("OR: any of the filters").check()
    visitor.page.get_by_text("“Filter group 1” leaves nobody out").wait_for()

    visitor.page.get_by_role("button", name="Put AND there").click()

    visitor.expect(total(visitor), shown(0))
    assert group.get_by_label("AND: all of the filters").is_checked()


def test_numbers_that_change_move_nothing(visitor: Visitor, reach):
    visitor.go(ADD)
    visitor.pick(PRIMARY)
    visitor.expect(total(visitor), shown(reach([PRIMARY])))
    button = visitor.page.get_by_role("button", name="Add exclusion group")
    before = button.bounding_box(), total(visitor).bounding_box()

    visitor.page.get_by_label("Operator").select_option(label="does not include")
    visitor.expect(total(visitor), shown(reach() - reach([PRIMARY])))

    assert (button.bounding_box(), total(visitor).bounding_box()) == before


def test_the_builder_at_work_has_no_serious_violation(visitor: Visitor):
    """With a group, an exclusion, a user looked up, a warning, and a picker that is open."""
    page = visitor.page
    visitor.go(ADD)
    visitor.pick(PRIMARY)
    page.get_by_label("Look up a user").fill("nobody")
    page.get_by_role("button", name="Look up").click()
    page.get_by_text("Nobody has this.").wait_for()
    page.get_by_role("button", name="Add exclusion group").click()
    exclusion = page.get_by_role("group", name="Exclusion group 1")
    visitor.pick(PRIMARY, within=exclusion)
    page.get_by_text("The exclusions take away everybody").wait_for()
    exclusion.get_by_role("combobox", name="Find by name").click()
    page.get_by_role("listbox").get_by_role("option").first.wait_for()

    assert violations(visitor) == []


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
