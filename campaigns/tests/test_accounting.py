"""Everyone in exactly one place at every moment, however many workers have a hand in it."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from campaigns import progress, results, runner, services, tasks
from campaigns.channels.email import EmailCarrier
from campaigns.models import Batch, Fate, Outcome, Sending, SendingState, State
from campaigns.progress import Halted, Told
from campaigns.reasons import Reason
from campaigns.tests.factories import (
    BY,
    email,
    fates,
    fresh,
    launched,
    make_campaign,
    make_users,
    sent,
    webhook,
)
from campaigns.tests.mail_server import mail_server
from campaigns.tests.receiver import receiver
from common.advisory import Namespace, claim

pytestmark = pytest.mark.django_db(transaction=True)

HERE = override_settings(WEBHOOK_PRIVATE_HOSTS=["127.0.0.1"])


@pytest.fixture
def mailbox():
    with mail_server() as mailbox:
        yield mailbox


@pytest.fixture
def hook():
    with HERE, receiver() as found:
        yield found


def counted(sending):
    """The results, after a check that they add up, whole and by cohort."""
    found = results.of_sending(sending)
    parts = (found.sent, found.left_out, found.failed, found.unknown, found.waiting)
    assert min(parts) >= 0
    assert sum(parts) == found.recipients
    everybody = results._fates(sending)
    assert len(everybody["settled"]) == found.recipients - found.waiting
    return dict(zip(("sent", "left_out", "failed", "unknown", "waiting"), parts, strict=True))


def in_threads(number, work):
    """Do it in that many threads at once, each with a session of its own."""
    problems = []

    def one():
        try:
            work()
        except BaseException as error:  # noqa: BLE001  # told below
            problems.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


def twenty_times(task, key):
    for _ in range(20):
        task(str(key))


def cut_into(sending, size):
    """Its batches anew, of that many recipients each: a test has few."""
    keys = [key for batch in sending.batches.order_by("number") for key in batch.profile_ids]
    sending.batches.all().delete()
    for number, start in enumerate(range(0, len(keys), size)):
        Batch.objects.create(sending=sending, number=number, profile_ids=keys[start : start + size])


@pytest.mark.parametrize("channel", ["email", "webhook"])
def test_whatever_is_delivered_twenty_times_to_two_senders_reaches_everybody_once(
    channel, mailbox, hook
):
    names = [f"user{number}" for number in range(60)]
    make_users(*names)
    campaign = make_campaign(email() if channel == "email" else webhook(hook.url))
    services.schedule(campaign, timezone.now() + timedelta(hours=1), by=BY)
    type(campaign).objects.update(scheduled_at=timezone.now())

    in_threads(2, lambda: twenty_times(tasks.launch, campaign.pk))
    sending = Sending.objects.get()
    in_threads(2, lambda: twenty_times(tasks.begin, sending.pk))
    cut_into(sending, 7)
    with override_settings(SENDING_TASKS=2):
        in_threads(2, lambda: twenty_times(tasks.send, sending.pk))

    if channel == "email":
        assert mailbox.copies == {f"{name}@example.com": 1 for name in names}
    else:
        assert sorted(user for batch in hook.batches.values() for user in batch) == sorted(names)
        assert len(hook.calls) == len(hook.batches) == 9
    assert counted(sending)["sent"] == 60
    assert fresh(campaign).state == State.SENT


def test_a_worker_that_wakes_up_late_writes_nothing_and_sends_nothing(mailbox):
    make_users("ana", "bob", "cleo")
    sending = launched(make_campaign())
    stale = Batch.objects.get(sending=sending)
    progress.announce(stale, 0, 1)  # and then its worker is frozen

    sent(sending)
    before = counted(sending)
    with pytest.raises(Halted):
        progress.settle(stale, 1, [Told(stale.profile_ids[0], Fate.FAILED, Reason.TEMPLATE)])
    with pytest.raises(Halted):
        progress.announce(stale, 1, 2)
    with pytest.raises(Halted):
        EmailCarrier(sending).serve(stale, until=float("inf"))
    progress.withdraw(stale)

    assert before == counted(sending)
    assert before == {"sent": 2, "left_out": 0, "failed": 0, "unknown": 1, "waiting": 0}
    assert mailbox.copies.total() == 2
    assert Batch.objects.get(sending=sending).finished_at is not None


def test_a_webhook_s_batch_between_two_tries_counts_whom_it_left_out_once(hook):
    shop = make_users("ana", "bob", "cleo", "dan")
    sending = launched(make_campaign(webhook(hook.url)))
    shop.delete("ana")
    hook.answers = [(500, {})]
    sent(sending)
    assert counted(sending) == {
        "sent": 0, "left_out": 1, "failed": 0, "unknown": 0, "waiting": 3,
    }  # fmt: skip

    shop.delete("bob")  # of whom the receiver may have heard with the first try
    Batch.objects.update(retry_at=None)
    sent(sending)

    assert counted(sending) == {
        "sent": 2, "left_out": 1, "failed": 0, "unknown": 1, "waiting": 0,
    }  # fmt: skip
    assert [len(body["recipients"]) for body in hook.bodies] == [3, 2]


def test_a_user_whose_properties_can_t_be_made_any_more_doesn_t_hold_up_the_others(hook):
    shop = make_users("ana", "bob", age=30)
    message = webhook(hook.url, properties={"share": "{{ 60 | divided_by: user.age }}"})
    sending = launched(make_campaign(message))
    hook.answers = [(500, {})]
    sent(sending)
    shop.track({"external_id": "ana", "age": 0})
    Batch.objects.update(retry_at=None)

    sent(sending)

    assert fates(sending) == {"ana": ("unknown", "template")}
    assert fresh(sending).state == SendingState.SENT


def test_a_receiver_that_takes_a_batch_and_never_says_so_leaves_it_unknown(hook):
    make_users("ana")
    hook.answers = [None] * 8  # it hangs up
    sending = sent(launched(make_campaign(webhook(hook.url))))
    for _attempt in range(7):
        Batch.objects.update(retry_at=None)
        sending = sent(sending)

    assert fates(sending) == {"ana": ("unknown", "no_answer")}
    assert len(hook.calls) == 8


def test_a_batch_that_is_sent_again_keeps_its_id_so_that_nobody_is_taken_twice(hook):
    shop = make_users("ana", "bob", age=30)
    shop.track({"external_id": "dora", "age": 0})
    hook.answers = [(400, {}), (400, {})]
    message = webhook(hook.url, properties={"share": "{{ 60 | divided_by: user.age }}"})
    sending = sent(launched(make_campaign(message)))

    services.resend(sending, [Fate.FAILED], by=BY)
    sent(sending)
    shop.track({"external_id": "dora", "age": 60})
    assert services.resend(sending, [Fate.FAILED], by=BY) == 3
    sent(sending)

    ids = [headers["webhook-id"] for headers, _body in hook.calls]
    assert ids[0] == ids[1] == ids[2] != ids[3]
    assert hook.batches == {ids[0]: ["ana", "bob"], ids[3]: ["dora"]}
    assert fates(sending) == {}


def test_results_add_up_while_the_failed_are_sent_to_again(mailbox):
    shop = make_users("ana", "bob", "cleo")
    shop.track({"external_id": "cleo", "email_subscribe": "unsubscribed"})
    mailbox.refuse["bob@example.com"] = "550 No"
    sending = sent(launched(make_campaign()))
    assert counted(sending)["failed"] == 1

    services.resend(sending, [Fate.FAILED], by=BY)
    assert counted(sending) == {
        "sent": 1, "left_out": 1, "failed": 0, "unknown": 0, "waiting": 1,
    }  # fmt: skip

    sent(sending)
    assert counted(sending)["failed"] == 1
    mailbox.refuse.clear()
    services.resend(sending, [Fate.FAILED], by=BY)
    sent(sending)
    assert counted(sending) == {
        "sent": 2, "left_out": 1, "failed": 0, "unknown": 0, "waiting": 0,
    }  # fmt: skip
    assert Outcome.objects.filter(resent_at=None).count() == 1


def test_whom_a_stop_finds_in_between_is_unknown_once_their_worker_has_let_go(mailbox):
    make_users("ana", "bob")
    campaign = make_campaign()
    sending = launched(campaign)
    batch = Batch.objects.get(sending=sending)
    progress.announce(batch, 0, 1)
    services.stop(campaign, by=BY)

    with claim(Namespace.BATCHES, batch.pk):
        in_threads(1, lambda: tasks.account(str(sending.pk)))
        assert counted(sending)["unknown"] == 0
    assert list(runner.stopped()) == [sending.pk]
    tasks.account(str(sending.pk))

    assert counted(sending) == {
        "sent": 0, "left_out": 0, "failed": 0, "unknown": 1, "waiting": 1,
    }  # fmt: skip
    assert list(runner.stopped()) == []
    assert mailbox.copies == {}


def test_a_server_that_takes_two_messages_a_connection_is_connected_to_again(mailbox):
    mailbox.most_a_connection = 2
    names = [f"user{number}" for number in range(7)]
    make_users(*names)
    sending = sent(launched(make_campaign()))

    assert mailbox.copies == {f"{name}@example.com": 1 for name in names}
    assert (sending.state, fates(sending)) == (SendingState.SENT, {})


def test_a_sender_that_no_header_can_hold_fails_everybody_and_doesn_t_go_round_in_circles(mailbox):
    make_users("ana", "bob")
    sending = sent(launched(make_campaign(email(from_name="Acme\nBcc: all@example.com"))))

    assert fates(sending) == {"ana": ("failed", "bad_address"), "bob": ("failed", "bad_address")}
    assert (sending.state, mailbox.messages) == (SendingState.SENT, [])


def test_the_last_two_steps_of_a_canvas_that_end_at_once_end_it(mailbox):
    make_users("ana")
    campaign = make_campaign(email(), email(), kind="canvas")
    first = launched(campaign)
    other = Sending.objects.exclude(pk=first.pk).get()
    tasks.begin(str(other.pk))
    Batch.objects.update(finished_at=timezone.now())
    steps = iter([first.pk, other.pk])

    in_threads(2, lambda: runner.finish(next(steps)))

    assert fresh(campaign).state == State.SENT
