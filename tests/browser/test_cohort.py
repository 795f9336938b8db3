"""A cohort's members are replaced by a file, and a segment begins from its page."""

import pytest

from tests.browser.visitor import PHONE, Visitor

pytestmark = pytest.mark.browser

LIST = "/admin/cohorts/cohort/"


def upload(visitor, mode, content):
    visitor.page.get_by_label(mode).check()
    visitor.page.get_by_label("File", exact=True).set_input_files(
        {"name": "members.csv", "mimeType": "text/csv", "buffer": content}
    )
    visitor.page.get_by_role("button", name="Upload", exact=True).click()


def test_a_file_makes_a_cohort_and_another_replaces_its_members(visitor: Visitor):
    page = visitor.page
    visitor.go(LIST)
    page.get_by_role("link", name="Upload a cohort").click()
    page.get_by_label("Cohort id").fill("browser-cohort")
    page.get_by_label("Name", exact=True).fill("From a browser")
    upload(visitor, "Add these ids", b"external_id\ndemo-000003\ndemo-000004\n")
    page.get_by_text("users who came into the cohort").wait_for(timeout=30_000)

    page.get_by_role("link", name="From a browser").click()
    page.get_by_role("link", name="Upload a file").click()
    upload(visitor, "Replace the whole membership", b"external_id\ndemo-000004\ndemo-000005\n")
    page.get_by_role("button", name="Replace the members").click(timeout=30_000)

    page.get_by_text("The members are replaced: 1 came, 1 went.").wait_for()
    figures = page.locator(".cohort-figures dd")
    assert figures.all_inner_texts() == ["2", "0"]
    page.get_by_text("There is no other cohort").or_(page.locator("#overlap")).first.wait_for()
    assert visitor.complaints == []
    page.get_by_role("link", name="Create segment from this cohort").click()
    assert visitor.path == "/admin/segments/segment/add/"


def test_a_cohort_s_pages_fit_a_phone(visit):
    visitor = visit(size=PHONE, scheme="dark")
    first = visitor.first_entry(LIST)

    for path in (first, first.replace("change/", "overlap/"), LIST + "upload/"):
        assert visitor.problems_at(path) == []
