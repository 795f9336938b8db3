"""A person at a browser: what browser tests do and look at."""

import re
from urllib.parse import urlsplit

from playwright.sync_api import expect

from demo.accounts import PASSWORD, USERNAME

WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


class Visitor:
    """One browser window. Collects what the page complains about on the console."""

    def __init__(self, context, url):
        self.url = url
        self.page = context.new_page()
        self.complaints = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("requestfailed", self._failed)

    def _heard(self, message):
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _failed(self, request):
        # Leaving a page breaks off what it was still asking for.
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"{request.url}: {request.failure}")

    def go(self, path):
        self.complaints.clear()
        self.page.goto(self.url + path)
        self.page.wait_for_load_state("networkidle")

    def log_in(self, username=USERNAME, password=PASSWORD):
        self.go("/admin/login/")
        self.page.get_by_label("Username").fill(username)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Log in").click()
        self.page.wait_for_load_state("networkidle")

    def pick(self, cohort, within=None, partner="Tinyclues", search=None):
        """Say in the last filter of a group of the segment form that it includes that cohort."""
        group = within or self.page.get_by_role("group", name="Filter group 1")
        self.filter_by(f"{partner} Cohorts", group)
        group.get_by_role("combobox", name="Find by name").last.fill(search or cohort)
        row = group.locator(".segment-row").last
        row.locator(f"[role=option][data-value='{cohort}']").click()

    def filter_by(self, what, within):
        """Choose what the last filter of the group is about."""
        row = within.locator(".segment-row").last
        row.get_by_label("What").select_option(label=what)
        value = row.get_by_label("What").input_value()
        expect(row).to_have_attribute("data-shape", re.compile(f"^{value} "))

    def expect(self, locator, text):
        expect(locator).to_have_text(text)

    def expect_class(self, locator, name):
        expect(locator).to_contain_class(name)

    def expect_count(self, locator, count):
        expect(locator).to_have_count(count)

    @property
    def path(self):
        return urlsplit(self.page.url).path

    @property
    def text(self):
        return self.page.locator("body").inner_text()

    def sidebar(self):
        """Paths that the navigation leads to, once each."""
        links = self.page.locator("#nav-sidebar-apps a[href^='/admin/']")
        return list(dict.fromkeys(link.get_attribute("href") for link in links.all()))

    def first_entry(self, path):
        """Where the first row of a list leads; None where there are no rows."""
        self.go(path)
        links = self.page.locator("#result_list tbody a[href^='/admin/']")
        return links.first.get_attribute("href") if links.count() else None

    def problems_at(self, path):
        """What is wrong with a page, in words; empty when nothing is."""
        self.go(path)
        problems = list(self.complaints)
        if self.path != path.partition("?")[0]:
            problems.append(f"leads to {self.path}")
        if not self.page.title():
            problems.append("has no title")
        wider = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if wider > 0:
            problems.append(f"is {wider} pixels wider than the window")
        return problems
