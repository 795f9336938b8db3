"""An operator looks users up, merges two and deletes one."""

import json
from http.client import HTTPConnection
from urllib.parse import quote, urlsplit

import pytest

from tests.browser.visitor import PHONE, Visitor

pytestmark = pytest.mark.browser

LIST = "/admin/profiles/profile/"


@pytest.fixture(scope="package")
def call(instance):
    """Makes a REST API call, which must succeed."""
    options = ("--workspace", "demo", "--permissions", "all")
    key = instance.manage("issue_rest_api_key", *options).strip()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def call(path, **body):
        connection = HTTPConnection(urlsplit(instance.url).netloc, timeout=30)
        connection.request("POST", path, json.dumps(body).encode(), headers)
        answer = connection.getresponse()
        assert answer.status < 300, answer.read()

    return call


@pytest.fixture
def make(call):
    """Makes a user with something of each kind, all named after them."""

    def make(name):
        user = {
            "external_id": name,
            "email": f"{name}@example.com",
            "phone": "+336" + "".join(str(ord(sign) % 10) for sign in name),
            "devices": [{"device_id": f"phone-of-{name}"}],
            "favourite": name,
        }
        call("/users/track", attributes=[user])
        alias = {"external_id": name, "alias_label": "card", "alias_name": f"card-of-{name}"}
        call("/users/alias/new", user_aliases=[alias])
        return user

    return make


def search(visitor, text):
    visitor.go(f"{LIST}?q={quote(text)}")
    return visitor.page.locator("#result_list tbody tr")


def open_user(visitor, name):
    search(visitor, name)
    visitor.page.get_by_role("link", name=name, exact=True).click()
    visitor.page.get_by_role("heading", name="Identifiers").wait_for()


def test_a_user_is_found_by_whatever_is_at_hand(visitor: Visitor, make):
    user = make("nina")
    spaced = f"+33 6 {user['phone'][4:]}"

    texts = ("nina", "card:card-of-nina", "phone-of-nina", "NINA@example.com", spaced)
    for text in texts:
        rows = search(visitor, text)
        visitor.expect_count(rows, 1)
        assert "nina@example.com" in rows.inner_text(), text
    assert visitor.complaints == []


def test_the_search_box_leads_from_the_list_to_a_user_s_page(visitor: Visitor, make):
    make("omar")
    visitor.go(LIST)
    visitor.page.get_by_placeholder("Id, label:name, email or phone").fill("card:card-of-omar")
    visitor.page.keyboard.press("Enter")
    visitor.page.get_by_role("link", name="omar", exact=True).click()

    visitor.page.get_by_role("heading", name="Identifiers").wait_for()
    for shown in ("omar@example.com", "card-of-omar", "phone-of-omar", "ignored in matching"):
        assert shown in visitor.text
    assert visitor.complaints == []


def test_the_list_is_turned_to_older_users_and_back(visitor: Visitor):
    visitor.go(LIST)
    names = visitor.page.locator("#result_list tbody tr").all_inner_texts()
    visitor.page.get_by_role("link", name="Older").click()
    visitor.page.get_by_role("link", name="Newer").wait_for()
    assert visitor.page.locator("#result_list tbody tr").all_inner_texts() != names
    visitor.page.get_by_role("link", name="Newer").click()
    visitor.page.get_by_role("link", name="Newest").wait_for(state="detached")

    assert visitor.page.locator("#result_list tbody tr").all_inner_texts() == names


def test_two_users_are_merged_after_a_look_at_what_it_does(visitor: Visitor, make):
    make("paul"), make("paula")
    open_user(visitor, "paul")
    visitor.page.get_by_role("link", name="Merge into another user").click()
    visitor.page.get_by_label("Who stays?").fill("paula@example.com")
    visitor.page.get_by_role("button", name="Find").click()

    visitor.page.get_by_role("heading", name="What the merge does").wait_for()
    assert "the user who stays has an alias with this label" in visitor.text
    visitor.page.get_by_role("button", name="Merge the two users").click()
    visitor.page.get_by_text("The two users are one now").wait_for()

    for shown in ("paula@example.com", "Former external ids", "phone-of-paul"):
        assert shown in visitor.text
    visitor.expect_count(search(visitor, "paul@example.com"), 0)
    assert "paula@example.com" in search(visitor, "paul").inner_text()
    assert visitor.complaints == []


def test_a_user_is_deleted_after_a_look_at_what_it_touches(visitor: Visitor, make):
    make("quim")
    open_user(visitor, "quim")
    visitor.page.get_by_role("link", name="Delete").click()

    visitor.page.get_by_role("heading", name="Delete this user?").wait_for()
    assert "card:card-of-quim" in visitor.text
    visitor.page.get_by_role("button", name="Delete this user").click()
    visitor.page.get_by_text("quim is deleted").wait_for()

    search(visitor, "quim")
    assert "No user is “quim”" in visitor.text


def test_nothing_is_deleted_by_leaving_the_question(visitor: Visitor, make):
    make("rosa")
    open_user(visitor, "rosa")
    visitor.page.get_by_role("link", name="Delete").click()
    visitor.page.get_by_role("link", name="Cancel").click()

    visitor.page.get_by_role("heading", name="Identifiers").wait_for()
    visitor.expect_count(search(visitor, "rosa"), 1)


def test_every_page_of_a_user_fits_a_phone(visit, make):
    make("saskia"), make("sam")
    visitor = visit(size=PHONE, scheme="dark")
    open_user(visitor, "saskia")
    page = visitor.path.removesuffix("change/")

    paths = (LIST, f"{LIST}?q=nobody", f"{page}change/", f"{page}delete/")
    for path in (*paths, f"{page}merge/", f"{page}merge/?other=sam"):
        assert visitor.problems_at(path) == [], path


def test_users_are_merged_without_javascript(visit, make):
    make("tess"), make("tom")
    visitor = visit(java_script_enabled=False)
    open_user(visitor, "tess")
    visitor.page.get_by_role("link", name="Merge into another user").click()
    visitor.page.get_by_label("Who stays?").fill("tom")
    visitor.page.get_by_role("button", name="Find").click()
    visitor.page.get_by_role("button", name="Merge the two users").click()

    assert "The two users are one now" in visitor.text
    assert "tom@example.com" in visitor.text
