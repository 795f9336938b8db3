"""A key made, copied and ended without a mouse, and the focus to be seen all the way."""

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

KEYS = "/admin/workspaces/restapikey/"
MOST_STEPS = 120

# What has the focus: what it is called, and whether one sees that.
FOCUSED = """
() => {
    const element = document.activeElement;
    const label = element.labels?.[0]?.innerText ?? "";
    const style = getComputedStyle(element);
    const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    const ringed = style.boxShadow.split(/,(?![^(]*\\))/).some(
        (shadow) => / [1-9][\\d.]*px(?: inset)?$/.test(shadow.trim()) && !/, 0\\)/.test(shadow)
    );
    const box = element.getBoundingClientRect();
    return {
        name: (element.getAttribute("aria-label") ?? (label || element.innerText)).trim(),
        tag: element.tagName,
        seen: (outlined || ringed) && box.width > 0 && box.bottom > 0 && box.top < innerHeight,
    };
}
"""


class Hands:
    """Off the mouse."""

    def __init__(self, visitor: Visitor):
        self.page = visitor.page
        self.unseen = set()

    def tab_to(self, name):
        for _step in range(MOST_STEPS):
            self.page.keyboard.press("Tab")
            focused = self.page.evaluate(FOCUSED)
            if not focused["seen"] and focused["tag"] != "BODY":
                self.unseen.add(f"{focused['tag']} {focused['name'][:40]!r}")
            if " ".join(focused["name"].split()).endswith(name):
                return
        raise AssertionError(f"Tab doesn't lead to {name}")

    def enter(self):
        """Press what has the focus, and wait for the page that it leads to."""
        with self.page.expect_navigation(wait_until="networkidle"):
            self.page.keyboard.press("Enter")


def test_a_key_is_made_copied_and_ended_by_keyboard(visit):
    visitor = visit(permissions=["clipboard-read", "clipboard-write"])
    visitor.go(KEYS)
    hands = Hands(visitor)

    hands.tab_to("Generate New Key")
    hands.enter()
    hands.tab_to("Label")
    hands.page.keyboard.type("by hand")
    hands.tab_to("cohorts.list")
    hands.page.keyboard.press("Space")
    hands.tab_to("Generate the key")
    hands.enter()
    hands.tab_to("Copy")
    hands.page.keyboard.press("Enter")
    expect(visitor.page.get_by_text("Copied").first).to_be_visible()
    text = visitor.page.locator("#new-key").inner_text()
    assert visitor.page.evaluate("navigator.clipboard.readText()") == text

    hands.tab_to("Done")
    hands.enter()
    masked = f"{text.rsplit('_', 1)[0]}_…{text[-4:]}"
    hands.tab_to(f"Invalidate {masked}")
    hands.enter()
    hands.tab_to("Invalidate the key")
    hands.enter()

    assert "opens nothing any more" in visitor.text
    assert visitor.page.get_by_role("link", name=f"Invalidate {masked}").count() == 0
    assert hands.unseen == set()
