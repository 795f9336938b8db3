"""Upload while campaigns are sent: sending leaves a process to apply."""

import time
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
from tests.chaos.workspace import await_drained, await_next_apply, count, make_workspace, state

MAILED, CALLED = 600, 12_000
SENDINGS = """
SELECT state, problem, failures, retry_at, (SELECT count(*) FILTER (WHERE finished_at IS NULL)
  FROM campaigns_batch WHERE sending_id = sending.id), clock_timestamp()
  FROM campaigns_sending AS sending
"""
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
