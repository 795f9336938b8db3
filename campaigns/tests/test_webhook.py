"""Webhooks, to a real receiver: batches with a stable id, signed, tried again, or given up."""

import base64
import hmac
from datetime import timedelta

import pytest
from django.test import override_settings
from django.utils import timezone

from campaigns import outgoing, progress
from campaigns.channels import webhook as channel
from campaigns.channels.base import InvalidMessage
from campaigns.channels.webhook import WebhookCarrier
from campaigns.models import Batch, SendingState
from campaigns.tests.factories import fates, launched, make_campaign, make_users, sent, webhook
from campaigns.tests.receiver import receiver

pytestmark = pytest.mark.django_db(transaction=True)

HERE = override_settings(WEBHOOK_PRIVATE_HOSTS=["127.0.0.1"])


@pytest.fixture
def hook():
    with HERE, receiver() as found:
        yield found


def again(sending):
    """The next try, without its pause."""
    Batch.objects.filter(sending=sending).update(retry_at=timezone.now() - timedelta(seconds=1))
    return sent(sending)


def test_everybody_arrives_in_one_signed_batch_with_what_was_asked_for(hook):
    make_users("ana", "bob", first_name="<Ana>")
    message = webhook(hook.url, properties={"greeting": "Hi {{ user.first_name }}"})
    sending = sent(launched(make_campaign(message)))

    ((headers, body),) = hook.calls
    (batch,) = hook.bodies
    assert sorted(user["external_id"] for user in batch["recipients"]) == ["ana", "bob"]
    assert {user["properties"]["greeting"] for user in batch["recipients"]} == {"Hi <Ana>"}
    assert headers["webhook-id"] == batch["batch"]
    secret = channel.secrets(sending.launch.campaign.workspace_id)[0]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()
    assert headers["webhook-signature"].split(" ")[0] == f"v1,{expected}"
    assert sending.state == SendingState.SENT


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_receiver_in_trouble_is_asked_again_with_the_same_batch(hook, status):
    make_users("ana", "bob")
    hook.answers = [(status, {})]
    sending = sent(launched(make_campaign(webhook(hook.url))))

    waiting = Batch.objects.get(sending=sending)
    assert waiting.retry_at > timezone.now()
    assert sending.state == SendingState.SENDING

    assert again(sending).state == SendingState.SENT
    first, second = hook.bodies
    assert first == second
    assert fates(sending) == {}


def test_a_receiver_s_wish_to_be_left_alone_for_a_while_is_respected(hook):
    make_users("ana")
    hook.answers = [(429, {"Retry-After": "120"})]
    sending = sent(launched(make_campaign(webhook(hook.url))))

    pause = Batch.objects.get(sending=sending).retry_at - timezone.now()
    assert timedelta(seconds=110) < pause <= timedelta(seconds=120)


def test_a_receiver_that_stays_in_trouble_is_given_up_and_everybody_in_the_batch_failed(hook):
    make_users("ana", "bob")
    hook.answers = [(500, {})] * channel.MOST_ATTEMPTS
    sending = sent(launched(make_campaign(webhook(hook.url))))
    for _attempt in range(channel.MOST_ATTEMPTS - 1):
        sending = again(sending)

    assert len(hook.calls) == channel.MOST_ATTEMPTS
    assert fates(sending) == {"ana": ("failed", "answer"), "bob": ("failed", "answer")}
    assert sending.state == SendingState.SENT


@pytest.mark.parametrize(
    ("answer", "reason"),
    [((404, {}), "answer"), ((302, {"Location": "http://127.0.0.1:1/"}), "redirect")],
)
def test_an_answer_that_will_not_change_fails_at_once_and_no_redirect_is_followed(
    hook, answer, reason
):
    make_users("ana")
    hook.answers = [answer]
    sending = sent(launched(make_campaign(webhook(hook.url))))

    assert fates(sending) == {"ana": ("failed", reason)}
    assert len(hook.calls) == 1


def test_a_batch_cut_off_in_its_middle_is_sent_again_under_its_id(hook):
    make_users("ana")
    sending = launched(make_campaign(webhook(hook.url)))
    batch = Batch.objects.get(sending=sending)
    carrier = WebhookCarrier(sending)
    progress.announce(batch, 0, 1)  # and then the worker is killed, before or after the call
    _ids, body = carrier._body(batch)
    with outgoing.pool() as pool:
        outgoing.post(hook.url, body, {"Content-Type": "application/json"}, pool)

    sending = sent(sending)

    assert len(hook.calls) == 2
    assert list(hook.batches.values()) == [["ana"]]
    assert fates(sending) == {}


def test_nobody_there_is_no_answer_and_tried_again(hook):
    make_users("ana")
    campaign = make_campaign(webhook("http://127.0.0.1:1/hook"))
    sending = sent(launched(campaign))

    batch = Batch.objects.get(sending=sending)
    assert (batch.attempts, batch.finished_at) == (1, None)
    assert batch.retry_at > timezone.now()


def test_a_host_that_leads_into_the_private_network_meanwhile_is_not_called(hook):
    make_users("ana")
    sending = launched(make_campaign(webhook(hook.url)))
    with override_settings(WEBHOOK_PRIVATE_HOSTS=[]):
        sent(sending)

    assert hook.calls == []
    assert fates(sending) == {"ana": ("failed", "private_address")}


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ({"url": "https://127.0.0.1/"}, "url"),
        ({"url": "https://[::1]/"}, "url"),
        ({"url": "https://[::ffff:10.0.0.1]/"}, "url"),
        ({"url": "https://169.254.169.254/latest"}, "url"),
        ({"url": "http://203.0.113.9/"}, "url"),
        ({"url": "ftp://203.0.113.9/"}, "url"),
        ({"url": "https://user:secret@203.0.113.9/"}, "url"),
        ({"url": "https://203.0.113.9:99999/"}, "url"),
        ({"url": "https://no-such-host.invalid/"}, "url"),
        ({"url": ""}, "url"),
        ({"headers": {"Host": "other"}}, "headers"),
        ({"headers": {"X-A": "1\r\nX-B: 2"}}, "headers"),
        ({"headers": {"webhook-id": "mine"}}, "headers"),
        ({"properties": {"name": "{{ user.first_name"}}, "properties"),
    ],
)
def test_a_message_that_must_not_be_sent_so_is_refused_with_a_sentence(message, field):
    with pytest.raises(InvalidMessage) as refused:
        WebhookCarrier.check({"url": "https://8.8.8.8/", **message})

    assert list(refused.value.problems) == [field]
    assert refused.value.problems[field].endswith(".")
