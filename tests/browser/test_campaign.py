"""A marketer goes from a segment to a launched campaign, and the mail is there."""

from email import message_from_string, policy
from pathlib import Path
from time import monotonic

import pytest

from demo import segment
from tests.browser.test_accessibility import violations

pytestmark = pytest.mark.browser

SUBJECT = "For you alone"
# Within it everybody of the small audience has had their mail.
PATIENCE = 20


def press(visitor, name):
    with visitor.page.expect_navigation(wait_until="networkidle"):
        visitor.page.get_by_role("button", name=name, exact=True).click()


def mails(instance):
    """Whom messages with that subject went to, out of the files that they became."""
    found = []
    for path in Path(instance.home.mail).glob("*"):
        for text in path.read_text().split(f"{'-' * 79}\n"):
            message = message_from_string(text, policy=policy.default)
            if str(message["Subject"]).startswith(f"{SUBJECT}, "):
                found.append(str(message["To"]))
    return found


def test_a_segment_becomes_a_campaign_that_is_mailed(visitor, instance):
    page = visitor.page
    visitor.go("/admin/campaigns/campaign/add/")
    page.get_by_label("Name").first.fill("For the early birds")
    press(visitor, "Save and continue")

    page.get_by_label("Subject").fill(SUBJECT + ", {{ user.first_name | default: 'you' }}")
    page.get_by_label("HTML").fill("<h1>Look</h1><a href='https://shop.example/'>here</a>")
    press(visitor, "Preview")
    assert SUBJECT in page.locator("#preview").inner_text()
    assert page.frame_locator("#preview iframe").locator("h1").inner_text() == "Look"
    assert violations(visitor) == []
    press(visitor, "Save and continue")

    everyone = page.locator("#segment-reach .segment-total").inner_text()
    page.get_by_role("checkbox", name=segment.NAME).check()
    page.locator(f"#segment-reach .segment-total:not(:text-is('{everyone}'))").wait_for()
    reached = int(page.locator("#segment-reach .segment-total").inner_text().replace(",", ""))
    assert 0 < reached < 1_000
    assert violations(visitor) == []
    with page.expect_navigation(url="**/summary/", wait_until="networkidle"):
        page.get_by_role("button", name="Save and continue").click()

    assert page.locator(".campaign-total").inner_text() == str(reached)
    press(visitor, "Launch")
    assert f"is launched to {reached} users" in visitor.text
    page.locator("#campaign-progress .page-count:text-is('Sent')").wait_for(timeout=PATIENCE * 1000)
    sent = figure(page, "Sent")
    assert 0 < sent <= reached
    assert sent + figure(page, "Left out") == reached

    addresses = mails(instance)
    assert len(addresses) == len(set(addresses)) == sent
    assert violations(visitor) == []

    # It stands where the segment says what it is used for.
    visitor.go("/admin/segments/segment/")
    page.get_by_role("link", name=segment.NAME).first.click()
    page.get_by_role("link", name="Welcome back").wait_for()


def figure(page, name):
    text = page.locator(f".campaign-figures div:has(dt:text-is('{name}')) dd").first.inner_text()
    return int(text.split()[0].replace(",", ""))


def test_the_demo_has_a_campaign_that_was_sent(visitor):
    started = monotonic()
    visitor.go("/admin/campaigns/campaign/")
    visitor.page.get_by_role("link", name="Advent mailing").click()
    visitor.page.locator("#campaign-progress").wait_for()

    assert figure(visitor.page, "Sent") > 0
    assert monotonic() - started < PATIENCE
