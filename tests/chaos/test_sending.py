"""Kill the worker while it sends, and upload meanwhile; compare its numbers with what arrived."""

import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from campaigns.tests.mail_server import mail_server
from campaigns.tests.receiver import receiver
from config.local.instance import Instance
from config.local.programs import Size
from config.local.throwaway import throwaway
from tests.chaos import sending
from tests.chaos.driver import USERS, Driver
from tests.chaos.sending import Told
from tests.chaos.workspace import await_drained, await_next_apply, count, make_workspace, state

KILLS = 10
MAILED, CALLED = 1_000, 30_000
SENDINGS = """
SELECT state, problem, failures, retry_at, (SELECT count(*) FILTER (WHERE finished_at IS NULL)
  FROM campaigns_batch WHERE sending_id = sending.id), clock_timestamp()
  FROM campaigns_sending AS sending
"""
OVERDUE = "SELECT count(*) FROM campaigns_sending WHERE state = 'waiting' AND due_at < now()"
STILL_SENT = "SELECT count(*) FROM campaigns_sending WHERE state NOT IN ('sent', 'stopped')"
APPLY_SECONDS = 5

EMAIL = {"subject": "Spring", "text": "Come and look."}


@pytest.fixture
def mailbox() -> Iterator[Any]:
    with mail_server() as mailbox:
        yield mailbox


@pytest.fixture
def hook() -> Iterator[Any]:
    with receiver() as hook:
        yield hook


@pytest.fixture
def sender(mailbox: Any) -> Iterator[Instance]:
    """An instance that sends two campaigns at a time, and has one process more."""
    env = {
        "EMAIL_URL": f"smtp://127.0.0.1:{mailbox.port}",
        "WEBHOOK_PRIVATE_HOSTS": "127.0.0.1",
        "SENDING_TASKS": "2",
    }
    with throwaway(env=env, size=Size(web_workers=1, worker_processes=3)) as instance:
        yield instance


def launch_both(instance: Instance, hook: Any) -> None:
    """Nothing is sent until both are launched: that takes seconds."""
    instance.stop("worker")
    message = {"url": hook.url, "properties": {"to": "{{ user.email }}"}}
    sending.launch(instance, "called", users=CALLED, channel="webhook", message=message)
    sending.launch(instance, "mailed", users=MAILED, channel="email", message=EMAIL)
    instance.start("worker")


def await_true(instance: Instance, condition: Callable[[], bool], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"It took too long: {where(instance)}"
        time.sleep(0.01)


def where(instance: Instance) -> str:
    """How far both are, and what is in the way, for a test that waited in vain."""
    with instance.connect() as connection:
        return f"{connection.execute(SENDINGS).fetchall()}\n{state(instance)}"


@pytest.mark.long
def test_ten_kills_send_no_email_twice_no_batch_anew_and_lose_nobody(
    sender: Instance, mailbox: Any, hook: Any
) -> None:
    draw = random.Random(6)
    mailbox.seconds, hook.seconds = 0.1, 1.5
    launch_both(sender, hook)
    for kills in range(KILLS):
        mails, calls = len(mailbox.messages) + draw.randrange(1, 6), len(hook.calls)
        await_true(sender, lambda mails=mails: len(mailbox.messages) >= mails)  # type: ignore[misc]
        # In the middle of a call, and every other time with another answered before it.
        calls += 1 + kills % 2
        await_true(sender, lambda calls=calls: len(hook.calls) >= calls)  # type: ignore[misc]
        assert count(sender, STILL_SENT) == 2, f"sent before the {kills + 1}. kill"
        sender.kill("worker", signal.SIGKILL, group=True)
        sender.start("worker")
    mailbox.seconds = hook.seconds = 0
    await_true(sender, lambda: count(sender, STILL_SENT) == 0)

    mailed, called = Told.of(sender, "mailed"), Told.of(sender, "called")
    for told, users in ((mailed, MAILED), (called, CALLED)):
        assert told.state == "sent"
        assert {fate: len(names) for fate, names in told.fates.items()} == {
            fate: told.results[fate] for fate in told.fates
        }
        assert sum(map(len, told.fates.values())) == told.results["recipients"] == users
    received = {address.removesuffix("@example.com") for address in mailbox.copies}
    assert set(mailbox.copies.values()) == {1}
    assert mailed.fates.keys() <= {"sent", "unknown"}
    assert mailed.having("sent") <= received <= mailed.having("sent") | mailed.having("unknown")
    assert len(mailed.having("unknown")) <= KILLS
    told_of = [name for batch in hook.batches.values() for name in batch]
    assert sorted(told_of) == sorted(called.having("sent"))
    assert len(set(told_of)) == len(told_of) == CALLED
    assert all(hook.batches[body["batch"]] == names_in(body) for body in hook.bodies)
    assert len(hook.calls) > len(hook.batches)  # some were cut off, and called again


def names_in(body: dict[str, Any]) -> list[str]:
    return [user["external_id"] for user in body["recipients"]]


@pytest.mark.long
def test_uploads_are_applied_within_seconds_while_campaigns_are_sent(
    sender: Instance, mailbox: Any, hook: Any
) -> None:
    mailbox.seconds, hook.seconds = 0.1, 2
    driver = Driver(sender.url, make_workspace(sender, "acme", USERS), ["one", "two"], 1, clients=1)
    driver.pause = 0.2
    launch_both(sender, hook)
    await_true(sender, lambda: bool(mailbox.messages and hook.calls))

    with driver.running():
        for _ in range(5):
            driver.await_acknowledged(3)
            assert await_next_apply(sender, APPLY_SECONDS) < APPLY_SECONDS
    await_drained(sender, APPLY_SECONDS)

    assert count(sender, STILL_SENT) > 0
    mailbox.seconds = hook.seconds = 0


@pytest.mark.long
def test_a_canvas_that_finds_everything_stopped_at_its_time_goes_on_once_it_is_back(
    sender: Instance, mailbox: Any
) -> None:
    mails = [(0, EMAIL), (6, {**EMAIL, "subject": "Still spring"})]
    sending.launch_canvas(sender, "mailed", users=20, mails=mails)
    await_true(sender, lambda: len(mailbox.messages) == 20)

    sender.stop("beat", "worker", "web", "redis")  # which forgets what was in the queue
    await_true(sender, lambda: count(sender, OVERDUE) == 1)
    assert len(mailbox.messages) == 20
    sender.start("redis", "web", "worker", "beat")
    await_true(sender, lambda: count(sender, STILL_SENT) == 0)

    assert Counter(message["Subject"] for message in mailbox.messages) == {
        "Spring": 20, "Still spring": 20,
    }  # fmt: skip
    assert set(mailbox.copies.values()) == {2}
