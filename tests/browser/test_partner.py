"""An operator connects a partner, rotates its key and ends it, and the secret stays one."""

import json
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from tests.browser.visitor import PHONE, Visitor

pytestmark = pytest.mark.browser

GALLERY = "/admin/partners/partner/"
SECRET = "#new-key"


class Partner:
    """Tinyclues' connector, with the key that somebody handed over to it."""

    def __init__(self, instance):
        self.address = urlsplit(instance.url)
        self.partner_api_key = instance.manage("issue_partner_api_key", "tinyclues").strip()

    def call(self, client_secret, path="", **fields):
        keys = {"partner_api_key": self.partner_api_key, "client_secret": client_secret}
        body = json.dumps({**keys, "cohort_id": "harbour", **fields})
        connection = HTTPConnection(self.address.hostname, self.address.port, timeout=10)
        connection.request("POST", f"/partners/tinyclues/cohorts{path}", body)
        status = connection.getresponse().status
        connection.close()
        return status

    def test(self, client_secret):
        return self.call(client_secret, "/users", cohort_changes=[])


@pytest.fixture(scope="module")
def partner(instance):
    return Partner(instance)


@pytest.fixture(scope="module")
def harbour(instance):
    """A workspace that nobody has connected anything to."""
    instance.manage("create_workspace", "harbour", "--name", "Harbour")


@pytest.fixture
def olga(visit, harbour):
    """At the new workspace, and at home again afterwards: others share her session."""
    visitor = visit()
    visitor.go("/admin/workspace/harbour/")
    yield visitor
    visitor.go("/admin/workspace/demo/")


def press(visitor, name):
    visitor.page.get_by_role("button", name=name, exact=True).click()
    visitor.page.wait_for_load_state("networkidle")


def follow(visitor, name):
    visitor.page.get_by_role("link", name=name).first.click()
    visitor.page.wait_for_load_state("networkidle")


def open_tinyclues(visitor):
    visitor.go(GALLERY)
    visitor.page.get_by_label("Find a partner").fill("tiny")
    visitor.expect_count(visitor.page.locator(".gallery-tile"), 1)
    follow(visitor, "Tinyclues")


def generate(visitor, label):
    follow(visitor, "Generate New Key")
    visitor.page.get_by_label("Label").fill(label)
    press(visitor, "Generate the key")
    return visitor.page.locator(SECRET).inner_text()


def ticked(visitor, count):
    visitor.expect_count(visitor.page.locator("#checklist .partner-done"), count)


def test_a_partner_is_connected_its_key_rotated_and_ended(olga: Visitor, instance, partner):
    open_tinyclues(olga)
    ticked(olga, 0)

    # Generated, shown once, and it works.
    first = generate(olga, "from spring")
    assert first in olga.page.locator("#sample-change").inner_text()
    press(olga, "Send a test call")
    olga.page.get_by_text("The key works").wait_for()
    olga.page.reload()
    olga.page.get_by_text("This key has been shown").wait_for()
    assert first not in olga.page.content()
    press(olga, "I have handed it over")

    # The checklist ticks while the page stands there.
    ticked(olga, 3)
    naming = {"name": "Harbour buyers", "created_at": "2026-03-01T08:00:00Z"}
    assert partner.call(first, **naming) == 201
    ticked(olga, 4)
    adding = {"cohort_changes": [{"user_ids": ["harbour-1"]}]}
    assert partner.call(first, "/users", **adding) == 201
    users = instance.home.path / "users.csv"
    users.write_text("external_id\nharbour-1\n")
    instance.manage("import_users", str(users), "--workspace", "harbour")
    ticked(olga, 5)

    # Rotated with a grace: both work.
    follow(olga, "Rotate")
    olga.page.get_by_label("1 hour").check()
    press(olga, "Rotate the key")
    second = olga.page.locator(SECRET).inner_text()
    assert second != first
    assert partner.test(first) == partner.test(second) == 201

    # Invalidated: refused at once.
    follow(olga, "Later")
    assert "Harbour buyers" in olga.text
    olga.page.get_by_role("row", name=second[:19]).get_by_role("link", name="Invalidate").click()
    olga.page.get_by_text("1 other key goes on working").wait_for()
    olga.page.get_by_text("Somebody uses it").wait_for()
    press(olga, "Invalidate the key")
    assert (partner.test(second), partner.test(first)) == (401, 201)
    assert olga.complaints == []


def test_a_new_key_is_on_no_page_but_the_one_that_showed_it(olga: Visitor, instance, partner):
    open_tinyclues(olga)
    page = olga.path
    text = generate(olga, "canary")
    issued = olga.path
    assert partner.test(text) == 201
    assert partner.call(text, "/users", cohort_changes="none") == 400
    assert partner.call(text, "/nowhere") == 404
    assert partner.test(text[:-1]) == 401
    forged = olga.page.request.post(
        olga.url + page.replace("change", "test"), form={"client_secret": text}
    )
    assert forged.status == 403

    seen = {"the answer to a forged form": forged.text()}
    for path in (
        *(issued, page, GALLERY, "/admin/partners/dataimportkey/"),
        *("/admin/workspaces/auditentry/", "/metrics", "/readyz"),
    ):
        seen[path] = olga.page.request.get(olga.url + path).text()
    seen |= {path.name: path.read_text() for path in instance.home.log.iterdir()}
    seen |= everything_stored(instance)

    secret = text.rsplit("_", 1)[1]
    assert len(seen) > 50
    for form in (secret, secret[:40], secret.encode().hex(), text.encode().hex()):
        assert [name for name, straw in seen.items() if form in straw] == []


def everything_stored(instance):
    """Every table of the instance, as text."""
    tables = "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'"
    with instance.connect() as connection:
        return {
            table: str(connection.execute(f"SELECT stored::text FROM {table} AS stored").fetchall())
            for (table,) in connection.execute(tables).fetchall()
        }


def test_a_rest_api_key_is_made_and_opens_what_was_ticked(olga: Visitor):
    olga.go("/admin/workspaces/restapikey/")
    follow(olga, "Generate New Key")
    olga.page.get_by_label("List the cohorts that partners keep").check()
    press(olga, "Generate the key")

    headers = {"Authorization": f"Bearer {olga.page.locator(SECRET).inner_text()}"}
    statuses = [
        olga.page.request.get(olga.url + path, headers=headers).status
        for path in ("/cohorts/list", "/segments/list")
    ]

    assert statuses == [200, 403]
    assert olga.complaints == []


def test_going_back_to_the_page_of_a_new_key_does_not_show_it_again(olga: Visitor):
    open_tinyclues(olga)
    text = generate(olga, "seen")
    follow(olga, "Later")

    olga.page.go_back()

    olga.page.get_by_text("This key has been shown").wait_for()
    assert text not in olga.page.content()


def test_a_key_is_copied_with_its_button(visit, harbour):
    visitor = visit(permissions=["clipboard-read", "clipboard-write"])
    open_tinyclues(visitor)

    visitor.page.locator("[data-copy=endpoint]").click()

    visitor.page.get_by_text("Copied").wait_for()
    assert visitor.page.evaluate("navigator.clipboard.readText()") == visitor.url


def test_all_of_it_works_without_javascript(visit, harbour, partner):
    visitor = visit(java_script_enabled=False)
    visitor.go(GALLERY)
    visitor.page.get_by_label("Find a partner").fill("tiny")
    press(visitor, "Find")
    visitor.expect_count(visitor.page.locator(".gallery-tile"), 1)
    follow(visitor, "Tinyclues")

    text = generate(visitor, "no scripts")
    assert partner.test(text) == 201
    assert visitor.page.locator("[data-copy]:visible").count() == 0

    follow(visitor, "Later")
    visitor.page.get_by_role("row", name="no scripts").get_by_role(
        "link", name="Invalidate"
    ).click()
    press(visitor, "Invalidate the key")

    assert "The key opens nothing any more." in visitor.text
    assert partner.test(text) == 401


def test_the_pages_of_a_partner_fit_a_phone(visit):
    visitor = visit(size=PHONE, scheme="dark")
    visitor.go(GALLERY)
    follow(visitor, "Tinyclues")
    page = visitor.path

    paths = [
        *(GALLERY, f"{GALLERY}add/", page),
        *(page.replace("change", name) for name in ("rename", "disable", "test")),
        "/admin/partners/dataimportkey/",
        "/admin/partners/dataimportkey/add/?partner=tinyclues",
        "/admin/workspaces/restapikey/",
        "/admin/workspaces/restapikey/add/",
    ]

    problems = {path: visitor.problems_at(path) for path in paths}
    assert {path: found for path, found in problems.items() if found} == {}
