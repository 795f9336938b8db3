"""A marketer looks at a segment, takes its members with them, and brings a version back."""

import csv
from pathlib import Path

import pytest

from tests.browser.visitor import PHONE, WIDE, Visitor

pytestmark = pytest.mark.browser

LIST = "/admin/segments/segment/"
NAME = "Christmas early birds without recent buyers"


def open_segment(visitor, name=NAME):
    visitor.go(LIST)
    visitor.page.locator("#result_list").get_by_role("link", name=name, exact=True).click()
    visitor.page.get_by_role("heading", name="Whom it reaches").wait_for()
    visitor.page.wait_for_load_state("networkidle")


def test_the_members_are_turned_and_exported_to_the_last_one(visitor: Visitor):
    open_segment(visitor)
    size = int(visitor.page.locator(".segment-size").inner_text().replace(",", ""))
    members = visitor.page.locator("#members")
    first = members.locator("tbody tr").first.inner_text()
    members.get_by_role("link", name="Next").click()
    members.get_by_role("link", name="Previous").click()
    visitor.page.get_by_text(f"1 to 50 of {size:,}").wait_for()
    assert members.locator("tbody tr").first.inner_text() == first

    members.get_by_text("Export to CSV").click()
    members.get_by_label("Country").check()
    with visitor.page.expect_download() as download:
        members.get_by_role("button", name="Download").click()

    lines = list(csv.reader(Path(download.value.path()).read_text().splitlines()))
    assert lines[0] == ["external_id", "user_aliases", "email", "country"]
    assert len(lines) == size + 1
    assert visitor.complaints == []


def test_a_copy_is_changed_and_brought_back(visitor: Visitor):
    open_segment(visitor)
    size = visitor.page.locator(".segment-size").inner_text()
    visitor.page.get_by_role("button", name="Duplicate").click()
    visitor.page.get_by_text(f"This is Copy of {NAME}.").wait_for()
    visitor.page.get_by_label("Description").fill("Only for a test.")
    visitor.page.get_by_role("button", name="Save").click()
    visitor.page.get_by_text("is saved.").wait_for()
    open_segment(visitor, f"Copy of {NAME}")
    assert visitor.page.locator(".segment-size").inner_text() == size

    visitor.page.get_by_role("link", name="Version 1", exact=True).click()
    visitor.page.get_by_role("button", name="Restore this version").click()

    visitor.page.get_by_text("Version 1 is back.").wait_for()
    assert "Only for a test." not in visitor.page.locator(".segment-description").all_inner_texts()
    assert visitor.complaints == []


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "dark"), (PHONE, "light")])
def test_a_segment_s_pages_fit_and_complain_of_nothing(visit, size, scheme):
    visitor = visit(size=size, scheme=scheme)
    open_segment(visitor)
    page = visitor.path
    versions = [
        link.get_attribute("href") for link in visitor.page.locator("#versions a").all()[:1]
    ]

    problems = {path: visitor.problems_at(path) for path in [page, *versions]}

    assert versions
    assert {path: found for path, found in problems.items() if found} == {}
