"""`make bench`: imports, an export, an exact reach, and users who change, beside plain SQL."""

import os
import random
import sys
from time import monotonic

import psycopg

from bench import (
    attributes,
    baseline,
    building,
    identities,
    importing,
    members,
    people,
    reach,
    report,
    sending,
    sinks,
)
from bench.exporting import Contest, Round
from bench.processes import PeakMemory
from bench.servers import private_instance
from bench.setting import Setting
from bench.table import rate, say
from bench.workspace import Workspace
from config.local.account import CannotStart
from config.local.instance import Instance

TREES = ("web", "worker", "postgres")


def main() -> str | None:
    """What went wrong, for people; nothing when all was measured."""
    setting = Setting.from_environment()
    random.seed(1)
    try:
        with (
            sinks.running() as servers,
            private_instance(say=say, env=servers.env) as instance,
        ):
            measure(instance, setting, servers)
    except CannotStart as reason:
        return str(reason)
    return None


def measure(instance: Instance, setting: Setting, servers: sinks.Sinks) -> None:
    measured = report.Measured()
    counted = built = sent = None
    with instance.connect() as connection:
        row = connection.execute("SHOW server_version").fetchone()
        say(f"PostgreSQL {row[0] if row else '?'}, {os.cpu_count()} cores, {_load()}.")
        workspace = load(instance, connection, setting)
        baseline.prepare(connection)
        roots = {name: pid for name in TREES if (pid := instance.pid(name))}
        importer = importing.Importer(instance, connection)
        if "import" in setting.parts:
            say(f"Importing {setting.users:,} more users; {_load()}.")
            measured.imported = importer.new_users(setting.users)
        with PeakMemory({name: roots[name] for name in ("web", "worker")}) as memory:
            if "export" in setting.parts:
                measured.exports = _export(connection, workspace, setting, roots)
            if "reach" in setting.parts:
                say(f"Counting a segment of five cohorts, {setting.reaches} times; {_load()}.")
                measured.reached = reach.measure(connection, workspace, setting)
            if "members" in setting.parts:
                say(f"Exporting a segment of {setting.users:,} users; {_load()}.")
                measured.exported = members.measure(connection, workspace, setting)
            if "claims" in setting.parts:
                say(f"Importing users whom cohorts wait for; {_load()}.")
                measured.claimed = importer.claims(workspace)
            if "identities" in setting.parts:
                say(f"Identify, merge, delete, {setting.identities} times each; {_load()}.")
                measured.moved = identities.measure(connection, workspace, setting, roots)
            if "attributes" in setting.parts:
                say(f"Giving users 15 attributes, counting {setting.reaches} trees; {_load()}.")
                counted = attributes.measure(connection, workspace, setting)
            if "builder" in setting.parts:
                say(f"Editing a segment of 20 filters, {setting.reaches} times; {_load()}.")
                built = building.measure(instance, connection, workspace, setting)
            if "campaigns" in setting.parts:
                say(f"Sending {setting.mails:,} emails, {setting.called:,} by webhook; {_load()}.")
                sent = sending.measure(instance, connection, workspace, setting, servers)
        measured.memory = memory.peaks
    if measured.exports:
        say(f"\n{report.exports(measured.exports)}\n\n{report.cpu(measured.exports)}")
    if counted:
        say(f"\n{attributes.told(counted)}")
    if built:
        say(f"\n{building.told(built)}")
    if sent:
        say(f"\n{sending.told(sent)}")
    say(f"\n{report.summary(measured)}\n\nAt the end: {_load()}.")


def _load() -> str:
    return f"load average {os.getloadavg()[0]:.1f}"


def _export(
    connection: psycopg.Connection, workspace: Workspace, setting: Setting, roots: dict[str, int]
) -> list[Round]:
    turns = f"{setting.rounds} times, in turn with COPY + join"
    say(f"Exporting {setting.cohort:,} ids, {turns}; {_load()}.")
    contest = Contest(connection, workspace, setting, roots)
    return [contest.run(number) for number in range(1, setting.rounds + 1)]


def load(instance: Instance, connection: psycopg.Connection, setting: Setting) -> Workspace:
    workspace = Workspace.make(instance, connection)
    say(f"Making {setting.users:,} users.")
    start = monotonic()
    people.load(connection, workspace.id, setting.users)
    say(f"{rate(setting.users, monotonic() - start)} by SQL.")
    return workspace


if __name__ == "__main__":
    sys.exit(main())
