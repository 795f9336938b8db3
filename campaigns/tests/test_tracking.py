"""What recipients do with a message: opening, clicking, unsubscribing, and forging links."""

import re
from urllib.parse import urlsplit

import pytest
from django.test import Client

from campaigns import results
from campaigns.models import Engagement
from campaigns.tests.factories import email, launched, make_campaign, make_users, sent
from campaigns.tests.mail_server import mail_server
from profiles.models import Profile
from profiles.tests.backend import user
from workspaces.models import AuditEntry

pytestmark = pytest.mark.django_db(transaction=True)

HTML = (
    '<html><body><p>Hi</p><a class="x" href="https://shop.example/a?b=1&amp;c=2">One</a> '
    "<A HREF='https://shop.example/two'>Two</A> "
    '<a href="mailto:a@example.com">Mail</a></body></html>'
)


@pytest.fixture
def mailbox():
    with mail_server() as mailbox:
        yield mailbox


@pytest.fixture
def browser():
    return Client(enforce_csrf_checks=True)


def html_of(mailbox):
    return mailbox.messages[0].get_body(("html",)).get_content()


def links(mailbox):
    return re.findall(r"""href=["']([^"']+)""", html_of(mailbox), re.IGNORECASE)


def path_of(url):
    return urlsplit(url).path


def way_out(mailbox):
    return path_of(mailbox.messages[0]["List-Unsubscribe"].strip().strip("<>"))


def test_links_lead_through_us_to_where_they_led_and_are_counted(mailbox, browser):
    make_users("ana")
    sending = sent(launched(make_campaign(email(html=HTML))))
    one, two, mail, _unsubscribe = links(mailbox)

    for url in (one, one, two):
        answer = browser.get(path_of(url))
        assert answer.status_code == 302
    assert browser.get(path_of(one))["Location"] == "https://shop.example/a?b=1&c=2"

    assert mail == "mailto:a@example.com"
    clicks = dict(Engagement.objects.values_list("link", "count"))
    assert clicks == {1: 3, 2: 1}
    assert results.of_sending(sending).clicked == 1


def test_opening_is_counted_once_a_person_and_a_pixel_always_comes(mailbox, browser):
    make_users("ana")
    sending = sent(launched(make_campaign(email(html=HTML))))
    (pixel,) = re.findall(r'<img src="([^"]+)"', html_of(mailbox))

    for _time in range(2):
        assert browser.get(path_of(pixel))["Content-Type"] == "image/gif"
    assert browser.get("/m/o/made-up.gif").status_code == 200

    assert results.of_sending(sending).opened == 1
    assert Engagement.objects.get().count == 2


def test_nobody_is_tracked_where_the_message_doesn_t_ask_for_it(mailbox):
    make_users("ana")
    sent(launched(make_campaign(email(html=HTML, track_opens=False, track_clicks=False))))

    assert "<img" not in html_of(mailbox)
    assert "https://shop.example/two" in links(mailbox)


@pytest.mark.parametrize(
    ("refused", "opens", "clicks"),
    [
        ({}, True, True),
        ({"email_open_tracking_disabled": True}, False, True),
        ({"email_click_tracking_disabled": True}, True, False),
        (
            {"email_open_tracking_disabled": False, "email_click_tracking_disabled": None},
            True,
            True,
        ),
    ],
)
def test_nobody_is_tracked_who_opted_out_of_it(mailbox, refused, opens, clicks):
    make_users("ana", **refused)
    sent(launched(make_campaign(email(html=HTML))))

    assert ("<img" in html_of(mailbox)) is opens
    assert ("https://shop.example/two" not in links(mailbox)) is clicks


def test_whoever_opted_out_after_the_launch_is_not_tracked_either(mailbox):
    shop = make_users("ana")
    sending = launched(make_campaign(email(html=HTML)))
    shop.track({**user("ana"), "email_open_tracking_disabled": True})
    sent(sending)

    assert "<img" not in html_of(mailbox)


def test_looking_at_the_way_out_changes_nothing_and_the_button_takes_it(mailbox, browser):
    make_users("ana")
    sending = sent(launched(make_campaign()))

    assert browser.get(way_out(mailbox)).status_code == 200
    assert "email_subscribe" not in Profile.objects.get().attributes

    assert browser.post(way_out(mailbox)).status_code == 200
    assert Profile.objects.get().attributes["email_subscribe"] == "unsubscribed"
    assert results.of_sending(sending).unsubscribed == 1
    assert AuditEntry.objects.get(action="user.unsubscribed").object_type == "campaign"


def test_a_mail_program_unsubscribes_with_one_click(mailbox, browser):
    make_users("ana")
    sent(launched(make_campaign()))

    answer = browser.post(way_out(mailbox), {"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 200
    assert Profile.objects.get().attributes["email_subscribe"] == "unsubscribed"


def test_the_way_out_of_somebody_who_was_merged_leads_to_the_survivor(mailbox, browser):
    shop = make_users("ana")
    sent(launched(make_campaign()))
    make_users("bob")
    shop.merge((user("ana"), user("bob")))

    browser.post(way_out(mailbox))

    survivor = Profile.objects.get()
    assert survivor.external_id == "bob"
    assert survivor.attributes["email_subscribe"] == "unsubscribed"


@pytest.mark.parametrize("path", ["/m/c/{}", "/m/u/{}"])
def test_a_link_that_somebody_changed_is_not_ours(mailbox, browser, path):
    make_users("ana")
    sent(launched(make_campaign()))
    token = way_out(mailbox).rsplit("/", 1)[1]

    assert browser.get(path.format(token[:-1])).status_code == 404
    assert browser.get(path.format("x" + token)).status_code == 404


def test_a_way_out_doesn_t_pass_for_a_click(mailbox, browser):
    make_users("ana")
    sent(launched(make_campaign()))

    assert browser.get(way_out(mailbox).replace("/m/u/", "/m/c/")).status_code == 404
