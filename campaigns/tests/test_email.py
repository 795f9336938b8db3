"""Email, over a real SMTP server: who gets it, how often, and what is known of the others."""

import pytest
from django.test import override_settings

from campaigns import progress, runner, services
from campaigns.channels.email import EmailCarrier
from campaigns.models import Batch, Fate, SendingState, State
from campaigns.tests.factories import (
    BY,
    email,
    fates,
    fresh,
    launched,
    make_campaign,
    make_users,
    sent,
)
from campaigns.tests.mail_server import mail_server
from profiles.models import Profile

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mailbox():
    with mail_server(DEFAULT_FROM_EMAIL="Acme <news@acme.example>") as mailbox:
        yield mailbox


def test_everybody_who_may_be_written_to_gets_one_message_of_their_own(mailbox):
    shop = make_users("ana", "bob", "cleo")
    shop.track({"external_id": "dan"}, {"external_id": "eve", "email": "eve@example.com"})
    shop.track({"external_id": "eve", "email_subscribe": "unsubscribed"})
    sending = sent(launched(make_campaign()))

    assert mailbox.copies == {f"{name}@example.com": 1 for name in ("ana", "bob", "cleo")}
    assert {message["Subject"] for message in mailbox.messages} == {
        "Hello ana",
        "Hello bob",
        "Hello cleo",
    }
    assert fates(sending) == {
        "dan": ("left_out", "no_address"),
        "eve": ("left_out", "unsubscribed"),
    }
    assert sending.state == SendingState.SENT
    assert sending.launch.campaign.state == State.SENT


def test_a_message_offers_to_unsubscribe_in_its_text_and_in_its_headers(mailbox):
    make_users("ana")
    sent(launched(make_campaign(email(html="<html><body>Look</body></html>"))))

    (message,) = mailbox.messages
    link = message["List-Unsubscribe"].strip().strip("<>")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in message.get_body(("plain",)).get_content()
    html = message.get_body(("html",)).get_content()
    assert link in html
    assert html.index(link) < html.index("</body>")


def test_the_html_part_escapes_what_users_call_themselves(mailbox):
    make_users("ana", first_name="<script>alert(1)</script>")
    sent(launched(make_campaign(email(html="<p>{{ user.first_name }}</p>"))))

    html = mailbox.messages[0].get_body(("html",)).get_content()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_an_address_that_the_server_refuses_fails_and_the_others_get_theirs(mailbox):
    make_users("ana", "bob")
    mailbox.refuse["ana@example.com"] = "550 No such user"
    sending = sent(launched(make_campaign()))

    assert fates(sending) == {"ana": ("failed", "recipient_refused")}
    assert mailbox.copies == {"bob@example.com": 1}


def test_an_address_that_is_none_and_one_that_would_forge_headers_fail(mailbox):
    shop = make_users("ana")
    shop.track(
        {"external_id": "bob", "email": "no address"},
        {"external_id": "cleo", "email": "c@example.com\nBcc: all@example.com"},
    )
    sending = sent(launched(make_campaign()))

    assert fates(sending) == {"bob": ("failed", "bad_address"), "cleo": ("failed", "bad_address")}
    assert mailbox.copies == {"ana@example.com": 1}


def test_a_user_deleted_after_the_launch_gets_nothing(mailbox):
    shop = make_users("ana", "bob")
    sending = launched(make_campaign())
    shop.delete("ana")

    sent(sending)

    assert mailbox.copies == {"bob@example.com": 1}
    assert [reason for _fate, reason in fates(sending).values()] == ["gone"]


def test_a_server_that_is_away_loses_nobody_and_says_what_to_do(mailbox):
    make_users("ana", "bob")
    sending = launched(make_campaign())
    with override_settings(EMAIL_PORT=1):
        away = sent(sending)

    assert "can't be reached" in away.problem
    assert "EMAIL_URL" in away.problem
    assert (away.state, away.failures) == (SendingState.SENDING, 1)
    assert away.retry_at is not None
    assert fates(sending) == {}

    back = sent(sending)

    assert (back.state, back.problem) == (SendingState.SENT, "")
    assert mailbox.copies == {"ana@example.com": 1, "bob@example.com": 1}


def test_whoever_was_being_served_when_the_worker_died_is_unknown_and_not_written_to(mailbox):
    make_users("ana", "bob", "cleo")
    sending = launched(make_campaign())
    batch = Batch.objects.get(sending=sending)
    progress.announce(batch, 0, 1)  # and then it is killed

    sent(sending)

    died_on = Profile.objects.get(pk=batch.profile_ids[0])
    assert fates(sending) == {died_on.external_id: ("unknown", "cut_off")}
    assert mailbox.copies.total() == 2
    assert f"{died_on.external_id}@example.com" not in mailbox.copies


def test_whoever_is_unknown_gets_it_when_a_person_says_so_and_nobody_else_does(mailbox):
    make_users("ana", "bob")
    sending = launched(make_campaign())
    progress.announce(Batch.objects.get(sending=sending), 0, 1)
    sending = sent(sending)

    assert services.resend(sending, [Fate.UNKNOWN], by=BY) == 1
    sent(sending)

    assert mailbox.copies == {"ana@example.com": 1, "bob@example.com": 1}
    assert fates(sending) == {}
    assert fresh(sending).state == SendingState.SENT


def test_a_pause_stops_before_the_next_message_and_resuming_goes_on_there(mailbox):
    make_users(*(f"user{number}" for number in range(5)))
    campaign = make_campaign()
    sending = launched(campaign)
    carrier = EmailCarrier(sending)
    batch = Batch.objects.get(sending=sending)
    batch.profile_ids, rest = batch.profile_ids[:2], batch.profile_ids
    batch.save()
    carrier.serve(batch, until=float("inf"))
    Batch.objects.filter(pk=batch.pk).update(profile_ids=rest, finished_at=None)

    services.pause(campaign, by=BY)
    assert not runner.run(sending.pk, seconds=5)
    assert mailbox.copies.total() == 2

    services.resume(campaign, by=BY)
    sent(sending)
    assert mailbox.copies == {f"user{number}@example.com": 1 for number in range(5)}
    assert fates(sending) == {}


def test_a_stopped_campaign_sends_nothing_more(mailbox):
    make_users("ana")
    campaign = make_campaign()
    sending = launched(campaign)

    services.stop(campaign, by=BY)
    sent(sending)

    assert mailbox.copies == {}
    assert fresh(campaign).state == State.STOPPED
    with pytest.raises(services.InvalidCampaign):
        services.resume(campaign, by=BY)


def test_a_message_costs_one_statement(mailbox, django_assert_max_num_queries):
    make_users(*(f"user{number}" for number in range(40)))
    sending = launched(make_campaign())

    # Place and batch claimed and let go, sending, batch and its users read, settled, ended:
    # whatever their number. And one for each message, which announces it.
    with django_assert_max_num_queries(40 + 32):
        runner.run(sending.pk, seconds=20)
    assert mailbox.copies.total() == 40
