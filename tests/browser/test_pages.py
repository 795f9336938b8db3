"""Every page of the dashboard, in a real browser, on a real instance with the demo loaded."""

import pytest

from tests.browser.visitor import PHONE, WIDE, Visitor

pytestmark = pytest.mark.browser


def test_logging_in_leads_to_the_overview(stranger: Visitor):
    stranger.log_in()

    assert stranger.path == "/admin/"


def test_a_wrong_password_says_so(stranger: Visitor):
    stranger.log_in(password="not it")

    assert stranger.path == "/admin/login/"
    assert "That is not the username with its password." in stranger.text


@pytest.mark.parametrize(
    ("size", "scheme"), [(WIDE, "light"), (PHONE, "dark")], ids=["wide", "phone"]
)
def test_every_page_of_the_sidebar_renders_without_a_complaint(visit, size, scheme):
    visitor = visit(size=size, scheme=scheme)
    paths = visitor.sidebar()
    assert "/admin/cohorts/cohort/" in paths

    problems = {path: visitor.problems_at(path) for path in paths}

    assert {path: found for path, found in problems.items() if found} == {}


def test_the_first_entry_of_every_list_renders_without_a_complaint(visitor: Visitor):
    entries = [entry for path in visitor.sidebar() if (entry := visitor.first_entry(path))]
    assert entries

    problems = {path: visitor.problems_at(path) for path in entries}

    assert {path: found for path, found in problems.items() if found} == {}


def test_a_page_that_does_not_exist_says_so(visitor: Visitor):
    visitor.go("/admin/no-such-page/")

    assert "not found" in visitor.text.lower()


def test_the_api_document_shows_the_partner_calls(visitor: Visitor):
    visitor.go("/api/docs/")

    visitor.page.get_by_text("Name a cohort, or rename it").wait_for()
    assert visitor.complaints == []
