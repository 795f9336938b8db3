"""Somebody imports users from a file, and sees what became of them."""

import pytest

from tests.browser.visitor import PHONE, Visitor

pytestmark = pytest.mark.browser

ADD = "/admin/imports/job/add/"
USERS = b"external_id,age:number\nbrowser-1,41\nbrowser-2,many\nbrowser-3,7\n"


def send(visitor, content):
    visitor.go(ADD)
    visitor.page.get_by_label("File", exact=True).set_input_files(
        {"name": "people.csv", "mimeType": "text/csv", "buffer": content}
    )
    visitor.page.get_by_role("button", name="Import users").click()


def test_a_file_is_imported_and_its_counts_appear_by_themselves(visitor: Visitor):
    send(visitor, USERS)

    visitor.page.get_by_text("done", exact=True).wait_for(timeout=30_000)
    counts = visitor.page.locator(".import-counts dd")
    assert counts.all_inner_texts() == ["3", "2", "0", "1"]
    assert "age: it must be a number" in visitor.text
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("link", name="Rejected rows").click()
    assert download.value.suggested_filename == "people-rejected.csv"
    assert visitor.complaints == []


def test_a_file_that_is_none_is_refused_with_a_sentence(visitor: Visitor):
    send(visitor, b"name,mail\n")

    visitor.page.get_by_text("The header must name either external_id").wait_for()


def test_the_form_fits_a_phone(visit):
    assert visit(size=PHONE, scheme="dark").problems_at(ADD) == []
