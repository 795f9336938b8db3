"""Campaigns sent to servers that take everything: what a recipient costs."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import Any

import psycopg
from pyroaring import BitMap64

from bench.members import ATTRIBUTES
from bench.processes import PeakMemory, cpu_seconds
from bench.setting import Setting
from bench.sinks import Sinks
from bench.table import mebibytes, rate, render
from bench.workspace import PARTNER, SLUG, Workspace
from config.local.instance import Instance

POLL_SECONDS = 0.2
LONGEST_SECONDS = 3_600
EMAIL = {
    "subject": "Spring in {{ user.country | default: 'your country' }}",
    "text": "Dear {{ user.external_id }}, come and look.",
    "html": "<p>Dear {{ user.external_id }}, <a href='https://example.com/'>come and look</a>.</p>",
}
LAUNCH = """
import json
from campaigns import audience, launching, services, steps
from campaigns.models import Channel, Kind
from workspaces.models import Workspace

given = json.loads({given!r})
campaign = services.create(
    Workspace.objects.get(slug=given["slug"]), kind=Kind.CAMPAIGN, name=given["channel"],
    channel=Channel(given["channel"]), by="bench",
)
services.target(campaign, audience.read(given["audience"]), by="bench")
step = campaign.steps.get()
steps.change(step, name="", delay_seconds=0, message=given["message"], by="bench")
campaign.refresh_from_db()
launching.launch(campaign, by="bench", confirmed=True)
"""
# Whom it wasn't simply sent to, by what became of them.
FATES = """
SELECT outcome.fate, count(*)
  FROM campaigns_outcome AS outcome
  JOIN campaigns_batch AS batch ON batch.id = outcome.batch_id
  JOIN campaigns_sending AS sending ON sending.id = batch.sending_id
  JOIN campaigns_step AS step ON step.id = sending.step_id
 WHERE step.channel = %s GROUP BY outcome.fate
"""
PROGRESS = """
SELECT sending.state, extract(epoch FROM sending.finished_at - sending.started_at)::float
  FROM campaigns_sending AS sending JOIN campaigns_step AS step ON step.id = sending.step_id
 WHERE step.channel = %s
"""


@dataclass
class Sent:
    """One campaign, from its first batch to its last."""

    channel: str
    recipients: int
    seconds: float
    memory: int  # of the worker, at most, in bytes
    unknown: int  # recipients whose worker died while their message was on its way
    cpu: dict[str, float] = field(default_factory=dict)  # seconds by process


def measure(
    instance: Instance,
    connection: psycopg.Connection,
    workspace: Workspace,
    setting: Setting,
    sinks: Sinks,
) -> list[Sent]:
    """Raises `AssertionError` unless everybody is accounted for, and got it no more than once."""
    connection.execute(ATTRIBUTES, [workspace.id])
    connection.execute("VACUUM (ANALYZE) profiles_profile")
    connection.execute("CHECKPOINT")
    hook = {"url": sinks.url, "headers": {}, "properties": {"to": "{{ user.email }}"}}
    bench = _Bench(instance, connection, workspace, setting.kills)
    mailed = bench.send("email", EMAIL, setting.mails, lambda: sinks.taken().mails)
    called = bench.send("webhook", hook, setting.called, lambda: sinks.taken().recipients)
    taken = sinks.taken()
    assert taken.mails == taken.addresses, f"some got it twice: {taken}"
    assert 0 <= mailed.recipients - taken.mails <= mailed.unknown, taken
    assert (taken.recipients, called.unknown) == (setting.called, 0), taken
    return [mailed, called]


@dataclass
class _Bench:
    instance: Instance
    connection: psycopg.Connection
    workspace: Workspace
    kills: int

    def send(
        self, channel: str, message: dict[str, Any], recipients: int, arrived: Callable[[], int]
    ) -> Sent:
        cohort = f"sent by {channel}"
        members = BitMap64(range(1, recipients + 1))
        self.workspace.write_cohort(self.connection, cohort, members)
        chosen = {"kind": "cohort", "partner": PARTNER, "operator": "includes", "cohorts": [cohort]}
        audience = {"filters": {"version": 1, "groups": [{"filters": [chosen]}]}}
        given = {"slug": SLUG, "channel": channel, "audience": audience, "message": message}
        launch = LAUNCH.format(given=json.dumps(given))
        roots = {n: pid for n in ("worker", "postgres") if (pid := self.instance.pid(n))}
        before = {name: cpu_seconds(root) for name, root in roots.items()}
        with PeakMemory({"worker": roots["worker"]}) as memory:
            self.instance.manage("shell", "--verbosity", "0", "-c", launch)
            for number in range(self.kills):
                self._await_more(arrived, than=recipients * number // self.kills)
                memory.follow("worker", self._kill())
            self._await(lambda: self._seconds(channel) is not None)
        seconds = self._seconds(channel)
        assert seconds is not None
        # A worker that was killed takes its figures with it.
        cpu = {} if self.kills else {n: cpu_seconds(root) - before[n] for n, root in roots.items()}
        fates = dict(self.connection.execute(FATES, [channel]).fetchall())
        assert not fates.keys() - {"unknown"}, fates
        unknown = fates.get("unknown", 0)
        return Sent(channel, recipients, seconds, memory.peaks["worker"], unknown, cpu)

    def _kill(self) -> int:
        """The worker, with all that it forked; returns who is there in its place."""
        self.instance.kill("worker", group=True)
        self.instance.start("worker")
        worker = self.instance.pid("worker")
        assert worker
        return worker

    def _seconds(self, channel: str) -> float | None:
        """From its first batch to its last; None while it isn't sent."""
        row = self.connection.execute(PROGRESS, [channel]).fetchone()
        return float(row[1]) if row and row[0] == "sent" else None

    def _await_more(self, arrived: Callable[[], int], *, than: int) -> None:
        self._await(lambda: arrived() > than)

    @staticmethod
    def _await(condition: Callable[[], bool]) -> None:
        """Raises `TimeoutError`."""
        until = monotonic() + LONGEST_SECONDS
        while not condition():
            if monotonic() >= until:
                raise TimeoutError(f"It wasn't sent within {LONGEST_SECONDS} seconds.")
            sleep(POLL_SECONDS)


def told(sent: list[Sent]) -> str:
    rows = [
        [
            f"{each.recipients:,} by {each.channel}",
            rate(each.recipients, each.seconds),
            *(_each(each.cpu.get(name), each.recipients) for name in ("worker", "postgres")),
            mebibytes(each.memory),
            f"{each.unknown:,}",
        ]
        for each in sent
    ]
    head = ["campaign", "recipients", "CPU of the worker", "of PostgreSQL", "memory", "unknown"]
    return render(head, rows)


def _each(seconds: float | None, recipients: int) -> str:
    return "" if seconds is None else f"{seconds / recipients * 1e6:,.0f} µs"
