"""The pages of what is scheduled, on its way, or over: what they say and what can be done."""

from datetime import timedelta

import pytest
from django.test import override_settings
from django.utils import formats, timezone

from campaigns import services
from campaigns.models import Campaign
from campaigns.tests.factories import (
    BY,
    email,
    launched,
    make_campaign,
    make_users,
    sent,
    webhook,
)
from campaigns.tests.mail_server import mail_server
from campaigns.tests.receiver import receiver
from campaigns.tests.test_launching import cohort_filter, make_segment, uploaded
from campaigns.tests.test_pages import LIST, page_of, shown
from cohorts.tests.factories import Connector
from tests.factories import make_marketer, make_workspace

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def marta(client):
    client.force_login(make_marketer(make_workspace("acme")))
    return client


@pytest.fixture
def mailbox():
    with mail_server() as mailbox:
        yield mailbox


def scheduled(**options):
    campaign = make_campaign(**options)
    services.schedule(campaign, timezone.now() + timedelta(days=1), by=BY)
    campaign.refresh_from_db()
    return campaign


def test_what_is_scheduled_shows_its_time_and_what_goes_to_whom(marta):
    make_users("ana", "bob")
    uploaded(Connector(), spring=["ana"])
    segment = make_segment("Spring buyers", "spring")
    campaign = scheduled(segments=[segment.pk], filters=cohort_filter("spring"), control_percent=10)

    page = shown(marta.get(page_of(campaign, "change")))

    assert (
        f"It is launched on {formats.date_format(campaign.scheduled_at, 'DATETIME_FORMAT')} UTC"
        in page
    )
    assert "Hello {{ user.first_name" in page
    assert "Spring buyers" in page
    assert '<p class="campaign-total">1</p>' in page
    assert "10 % of them are held out" in page


def test_what_is_scheduled_cant_be_archived_until_it_is_a_draft_and_then_is(marta):
    campaign = scheduled()

    refused = marta.post(page_of(campaign, "archive"), follow=True)
    assert "Take Spring back to draft first" in shown(refused)

    marta.post(page_of(campaign, "unschedule"))
    assert "Archive this draft" in shown(marta.get(page_of(campaign, "summary")))
    answer = marta.post(page_of(campaign, "archive"), follow=True)
    assert answer.redirect_chain[-1][0] == LIST
    assert "Spring is archived" in shown(answer)
    assert Campaign.objects.get().archived_at is not None

    page = shown(marta.get(page_of(campaign, "summary")))
    assert "it can't be launched any more" in page
    assert "Archive this draft" not in page
    assert "Spring is archived" in shown(marta.post(page_of(campaign, "launch"), follow=True))


@override_settings(WEBHOOK_PRIVATE_HOSTS=["127.0.0.1"])
def test_a_receiver_that_takes_nothing_is_named_while_it_is_asked_again(marta):
    make_users("ana", "bob")
    with receiver() as hook:
        hook.answers = [(503, {})]
        campaign = make_campaign(webhook(hook.url))
        sent(launched(campaign))

        page = shown(marta.get(page_of(campaign, "change")))

    assert "hasn't taken 2 users yet" in page
    assert "Last answer: 503" in page
    assert "Next try:" in page


def test_who_didnt_get_it_is_listed_by_result_with_each_remedy_once(marta, mailbox):
    make_users("ana", "bob", "cleo")
    make_users("dan", email_subscribe="unsubscribed")
    for name in ("bob", "cleo"):
        mailbox.refuse[f"{name}@example.com"] = "550 No such user"
    campaign = make_campaign()
    sent(launched(campaign))

    everybody = shown(marta.get(page_of(campaign, "others")))
    failed = shown(marta.get(page_of(campaign, "others"), {"fate": "failed"}))

    for name in ("bob", "cleo", "dan"):
        assert f">{name}</a>" in everybody
    assert ">ana</a>" not in everybody
    assert ">dan</a>" not in failed
    assert failed.count("The address is probably wrong") == 1
    assert failed.count("550 No such user") == 2
    asked = shown(marta.get(page_of(campaign, "resend"), {"fate": "failed"}))
    assert "Send it again to 2 users who" in asked


def test_each_step_of_a_canvas_has_its_results_by_cohort(marta, mailbox):
    make_users("ana", "bob")
    uploaded(Connector(), spring=["ana", "bob"], late=[])
    canvas = make_campaign(
        email(subject="First"),
        email(0, subject="Second"),
        kind="canvas",
        filters=cohort_filter("spring"),
    )
    sent(launched(canvas))

    (shown_parts,) = marta.get(page_of(canvas, "change")).context["portrait"].by_cohort

    assert shown_parts.step.message["subject"] == "First"
    assert [(part["name"], part["results"].sent) for part in shown_parts.parts] == [("spring", 2)]
