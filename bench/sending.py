"""Campaigns sent to servers that take everything: what a recipient costs."""

import json
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
    cpu: dict[str, float] = field(default_factory=dict)  # seconds by process


def measure(
    instance: Instance,
    connection: psycopg.Connection,
    workspace: Workspace,
    setting: Setting,
    sinks: Sinks,
) -> list[Sent]:
    """Raises `AssertionError` unless everybody arrived once."""
    connection.execute(ATTRIBUTES, [workspace.id])
    connection.execute("VACUUM (ANALYZE) profiles_profile")
    connection.execute("CHECKPOINT")
    hook = {"url": sinks.url, "headers": {}, "properties": {"to": "{{ user.email }}"}}
    found = [
        _send(instance, connection, workspace, "email", EMAIL, setting.mails),
        _send(instance, connection, workspace, "webhook", hook, setting.called),
    ]
    taken = sinks.taken()
    assert (taken.mails, taken.recipients) == (setting.mails, setting.called), taken
    return found


def _send(
    instance: Instance,
    connection: psycopg.Connection,
    workspace: Workspace,
    channel: str,
    message: dict[str, Any],
    recipients: int,
) -> Sent:
    cohort = f"sent by {channel}"
    workspace.write_cohort(connection, cohort, BitMap64(range(1, recipients + 1)))
    chosen = {"kind": "cohort", "partner": PARTNER, "operator": "includes", "cohorts": [cohort]}
    audience = {"filters": {"version": 1, "groups": [{"filters": [chosen]}]}}
    given = {"slug": SLUG, "channel": channel, "audience": audience, "message": message}
    roots = {name: pid for name in ("worker", "postgres") if (pid := instance.pid(name))}
    before = {name: cpu_seconds(root) for name, root in roots.items()}
    with PeakMemory({"worker": roots["worker"]}) as memory:
        instance.manage("shell", "--verbosity", "0", "-c", LAUNCH.format(given=json.dumps(given)))
        seconds = _await_sent(connection, channel)
    cpu = {name: cpu_seconds(root) - before[name] for name, root in roots.items()}
    return Sent(channel, recipients, seconds, memory.peaks["worker"], cpu)


def _await_sent(connection: psycopg.Connection, channel: str) -> float:
    """Seconds from its first batch to its last. Raises `TimeoutError`."""
    until = monotonic() + LONGEST_SECONDS
    while monotonic() < until:
        row = connection.execute(PROGRESS, [channel]).fetchone()
        if row and row[0] == "sent":
            return float(row[1])
        sleep(POLL_SECONDS)
    raise TimeoutError(f"The {channel} campaign wasn't sent within {LONGEST_SECONDS} seconds.")


def told(sent: list[Sent]) -> str:
    rows = [
        [
            f"{each.recipients:,} by {each.channel}",
            rate(each.recipients, each.seconds),
            f"{each.cpu['worker'] / each.recipients * 1e6:,.0f} µs",
            f"{each.cpu['postgres'] / each.recipients * 1e6:,.0f} µs",
            mebibytes(each.memory),
        ]
        for each in sent
    ]
    return render(["campaign", "recipients", "CPU of the worker", "of PostgreSQL", "memory"], rows)
