"""axe-core on every page: nothing that somebody couldn't see, reach or have read to them."""

from collections import deque
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import Resolver404, resolve

from tests import pages
from tests.browser.visitor import Visitor
from workspaces.tests.phone import Phone

pytestmark = pytest.mark.browser

AXE = Axe().axe_script
SERIOUS = ("serious", "critical")
TEAM = "/admin/workspaces/membership/"
PASSWORD = "quays and cranes"

# No page of their own: fragments, files, and what only answers a form.
NO_PAGE = {
    "account-second-factor-begin",
    "account-sessions-end",
    "admin:autocomplete",
    "admin:cohorts_cohort_difference",
    "admin:cohorts_cohort_replace",
    "admin:cohorts_cohort_waiting",
    "admin:imports_job_progress",
    "admin:imports_job_rejects",
    "admin:imports_job_result",
    "admin:jsi18n",
    "admin:partners_partner_enable",
    "admin:partners_partner_handover",
    "admin:partners_partner_health",
    "admin:partners_partner_progress",
    "admin:partners_partner_test",
    "admin:search",
    "admin:segments_segment_archive",
    "admin:segments_segment_duplicate",
    "admin:segments_segment_export",
    "admin:segments_segment_new_reach",
    "admin:segments_segment_picks",
    "admin:segments_segment_reach",
    "admin:segments_segment_restore",
    "admin:segments_segment_star",
    "admin:segments_segment_version_restore",
    "admin:workspaces_auditentry_export",
}
for kind in ("campaign", "canvas"):
    for page in (
        *("archive", "export", "launch", "pause", "progress", "reach"),
        *("resume", "unschedule"),
    ):
        NO_PAGE.add(f"admin:campaigns_{kind}_{page}")
# Shown only while something is going on or wrong, and made of parts that are looked at elsewhere.
SELDOM = {
    "admin:campaigns_campaign_resend",
    "admin:campaigns_campaign_step",  # as a Canvas's
    "admin:campaigns_campaign_stop",
    "admin:campaigns_canvas_others",  # as a campaign's
    "admin:campaigns_canvas_resend",
    "admin:campaigns_canvas_stop",
    "admin:cohorts_cohort_overlap",
    "admin:cohorts_cohort_restore",
    "admin:cohorts_cohort_retry",
    "admin:cohorts_cohort_skip",
    "admin:imports_job_cancel",
    "admin:partners_loggedcall_change",
}


@pytest.fixture(scope="module")
def keys(instance):
    """One of each kind, so that their pages are there to look at."""
    instance.manage("issue_partner_api_key", "tinyclues")
    instance.manage("issue_data_import_key", "tinyclues", "--workspace", "demo")
    instance.manage("issue_rest_api_key", "--workspace", "demo", "--permissions", "all")


def name_of(path):
    try:
        return resolve(path).view_name
    except Resolver404:
        return None


def to_look_at():
    """Names of all pages that there are."""
    return {page.name for page in pages.discover() if page.is_to_look_at} - NO_PAGE


def not_to_miss():
    """Those that something leads to. Where nothing can be added or deleted, nothing does."""
    seldom = ("_history", "_add", "_delete")
    return {name for name in to_look_at() - SELDOM if not name.endswith(seldom)}


def violations(visitor: Visitor):
    """What axe-core finds wrong with the page, in either theme; nothing that it calls minor."""
    visitor.page.evaluate(AXE)
    found = []
    for scheme, rules in (("light", {}), ("dark", {"runOnly": ["color-contrast"]})):
        visitor.page.emulate_media(color_scheme=scheme)
        # The theme looks at that when a page is loaded, and puts it here.
        visitor.page.evaluate(
            "dark => document.documentElement.classList.toggle('dark', dark)", scheme == "dark"
        )
        options = {"resultTypes": ["violations"], **rules}
        found += visitor.page.evaluate("options => axe.run(options)", options)["violations"]
    return [
        f"{each['id']}: {node['html'][:200]}"
        for each in found
        if each["impact"] in SERIOUS
        for node in each["nodes"]
    ]


class Inspection:
    """Goes from page to page, and keeps what was wrong with each."""

    def __init__(self):
        self.seen = {}

    def look(self, visitor: Visitor, name=""):
        """At the page that the visitor has before them."""
        self.seen[name or name_of(visitor.path)] = violations(visitor)

    def explore(self, visitor: Visitor, *paths, among=""):
        """Every page that links lead to from there, one of each name that begins so."""
        waiting = deque(paths)
        while waiting:
            path = waiting.popleft()
            name = name_of(path)
            if name in self.seen or name not in to_look_at() or not name.startswith(among):
                continue
            visitor.page.goto(visitor.url + path)
            self.look(visitor, name)
            links = visitor.page.eval_on_selector_all(
                "a[href]", "links => links.map(link => link.href)"
            )
            waiting.extend(urlsplit(link).path for link in links if link.startswith(visitor.url))

    @property
    def problems(self):
        return {name: found for name, found in self.seen.items() if found}


def press(visitor, name):
    with visitor.page.expect_navigation(wait_until="networkidle"):
        visitor.page.get_by_role("button", name=name).click()


def invite(visitor, email):
    """The link for somebody new, from the page that shows it once."""
    visitor.go(f"{TEAM}add/")
    visitor.page.get_by_label("Email address").fill(email)
    visitor.page.get_by_label("Administrator").check()
    press(visitor, "Invite")
    return urlsplit(visitor.page.locator("#new-key").inner_text()).path


def test_no_page_has_a_serious_violation(visit, open_window, keys):
    inspection, email = Inspection(), "nina@example.com"
    olga = visit()
    link = invite(olga, email)
    inspection.look(olga)

    # Somebody joins, and turns the second factor on and off.
    nina = open_window()
    nina.go(link)
    inspection.look(nina, "join")
    nina.page.get_by_label("First name").fill("Nina")
    nina.page.get_by_label("Password").fill(PASSWORD)
    press(nina, "Join the team")
    nina.go("/admin/account/")
    press(nina, "Turn on")
    inspection.look(nina)
    phone = Phone.of_text(nina.page.locator("#new-secret").inner_text())
    nina.page.get_by_role("textbox", name="Code").fill(phone.code(-1))
    press(nina, "Turn on")
    inspection.look(nina)
    inspection.explore(nina, "/admin/account/", among="account")

    # Everything that links lead to, with an invitation that waits; what nothing leads to.
    invite(olga, f"waiting-{email}")
    inspection.explore(olga, "/admin/")
    inspection.explore(olga, *unlinked(olga))
    stranger = open_window()
    inspection.explore(stranger, "/admin/login/")
    stranger.log_in(email, PASSWORD)
    inspection.look(stranger)
    stranger.go("/join/nowhere/")
    inspection.look(stranger, "spent")
    olga.go("/admin/nowhere/")
    inspection.look(olga, "lost")

    assert inspection.problems == {}
    missed = sorted(not_to_miss() - inspection.seen.keys())
    assert missed == [], f"no link leads there: add it above: {missed}"


def unlinked(visitor):
    """Pages that are reached by a form, or by an address alone."""
    yield "/admin/workspaces/"
    visitor.go("/admin/campaigns/campaign/add/")
    visitor.page.get_by_label("Name").first.fill("To look at")
    press(visitor, "Save and continue")
    yield visitor.path
    yield "/admin/password_change/"
    yield "/admin/password_change/done/"
    for app_and_model, name in (
        ("workspaces/restapikey", "issued"),
        ("partners/dataimportkey", "issued"),
        ("partners/partnerapikey", "issued"),
    ):
        visitor.go(f"/admin/{app_and_model}/")
        links = visitor.page.locator(f"a[href*='/admin/{app_and_model}/']")
        change = next(
            path
            for link in links.all()
            if (path := link.get_attribute("href")).endswith("/change/")
        )
        yield change.replace("/change/", f"/{name}/")
