"""`make bench`: an export over HTTP and an exact reach, beside hand-written SQL."""

import os
import random
import sys
from time import monotonic

import psycopg

from bench import baseline, identities, importing, people, reach, report
from bench.exporting import Contest
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
        with private_instance(say=say) as instance:
            measure(instance, setting)
    except CannotStart as reason:
        return str(reason)
    return None


def measure(instance: Instance, setting: Setting) -> None:
    with instance.connect() as connection:
        row = connection.execute("SHOW server_version").fetchone()
        load_average = f"load average {os.getloadavg()[0]:.1f}"
        say(f"PostgreSQL {row[0] if row else '?'}, {os.cpu_count()} cores, {load_average}.")
        workspace = load(instance, connection, setting)
        baseline.prepare(connection)
        roots = {name: pid for name in TREES if (pid := instance.pid(name))}
        with PeakMemory({name: roots[name] for name in ("web", "worker")}) as memory:
            if "export" in setting.parts:
                _export(connection, workspace, setting, roots)
            if "reach" in setting.parts:
                say(f"Counting a segment of five cohorts, {setting.reaches} times.")
                say(f"\n{report.reached(reach.measure(connection, workspace, setting))}\n")
            if "identities" in setting.parts:
                say(f"Identifying, merging and deleting, {setting.identities} times each.")
                moved = identities.measure(instance, connection, workspace, setting)
                say(f"\n{report.moved(moved)}\n")
        say(f"{report.memory(memory.peaks)}\n")
    if "import" in setting.parts:
        say(f"import_users: {importing.measure(instance)}")


def _export(
    connection: psycopg.Connection, workspace: Workspace, setting: Setting, roots: dict[str, int]
) -> None:
    say(f"Exporting {setting.cohort:,} ids, {setting.rounds} times, in turn with COPY + join.")
    contest = Contest(connection, workspace, setting, roots)
    rounds = [contest.run(number) for number in range(1, setting.rounds + 1)]
    say(f"\n{report.exports(rounds)}\n\n{report.cpu(rounds)}\n")


def load(instance: Instance, connection: psycopg.Connection, setting: Setting) -> Workspace:
    workspace = Workspace.make(instance, connection)
    say(f"Making {setting.users:,} users.")
    start = monotonic()
    people.load(connection, workspace.id, setting.users)
    say(f"{rate(setting.users, monotonic() - start)} by SQL.")
    return workspace


if __name__ == "__main__":
    sys.exit(main())
