"""How quick the pages of cohorts are, and how files of members are taken in.

`python -m bench.cohorts`: 1 million users (`BENCH_USERS`), 2,000 cohorts (`BENCH_COHORTS`), and
a file of 1 million ids (`BENCH_FILE_IDS`) that is added, then replaces the members, then is
removed (`BENCH_MODES` picks some). Users are named in no order, and again from the start when
all have been.
"""

import http.client
import os
import random
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, perf_counter, sleep

import environ
import psycopg
from pyroaring import BitMap64

from bench import people
from bench.processes import PeakMemory
from bench.servers import private_instance
from bench.table import mebibytes, milliseconds, percentiles, rate, render, say
from bench.workspace import PARTNER, SLUG, Workspace
from common.bitmaps import BLOCK_SIZE
from config.local.account import CannotStart
from config.local.home import CHECKOUT
from config.local.instance import Instance

SHARES = (0.0005, 0.002, 0.01, 0.03, 0.1)  # of all users, that cohorts hold
VARIANTS = 6  # of each share; cohorts beyond them hold the same users as others
REPEATS = 20
LONGEST_SECONDS = 600

SIGN_IN = """
from django.test import Client
from workspaces.models import User
client = Client()
client.force_login(User.objects.create_superuser("bench"))
print(client.cookies["sessionid"].value)
"""
PAGES = {
    "list": "/admin/cohorts/cohort/",
    "list, by size": "/admin/cohorts/cohort/?o=-2",
    "list, last page by size": "/admin/cohorts/cohort/?o=2&p={last}",
    "list, searched": "/admin/cohorts/cohort/?q=cohort+199",
    "a cohort": "/admin/cohorts/cohort/{cohort}/change/",
    "its overlap": "/admin/cohorts/cohort/{cohort}/overlap/",
    "its waiting ids": "/admin/cohorts/cohort/{cohort}/waiting/",
}


@dataclass(frozen=True)
class Setting:
    users: int
    cohorts: int
    file_ids: int
    modes: list[str]


def main() -> str | None:
    """What went wrong, for people; nothing when all was measured."""
    env = environ.Env()
    setting = Setting(
        users=env.int("BENCH_USERS", default=1_000_000),
        cohorts=env.int("BENCH_COHORTS", default=2_000),
        file_ids=env.int("BENCH_FILE_IDS", default=1_000_000),
        modes=env.list("BENCH_MODES", default=["add", "replace", "remove"]),
    )
    random.seed(1)
    try:
        with private_instance(say=say) as instance, instance.connect() as connection:
            workspace = Workspace.make(instance, connection)
            say(f"Making {setting.users:,} users and {setting.cohorts:,} cohorts.")
            people.load(connection, workspace.id, setting.users)
            cohort = write_cohorts(connection, workspace, setting)
            await_counts(connection, setting.cohorts)
            say(f"load average {os.getloadavg()[0]:.1f}")
            say(f"\n{pages(instance, cohort, setting)}\n")
            say(f"\n{files(instance, setting)}\n")
    except CannotStart as reason:
        return str(reason)
    return None


def write_cohorts(connection: psycopg.Connection, workspace: Workspace, setting: Setting) -> int:
    """As many cohorts as that; the id of the last, which is of the largest share."""
    stock = [
        {number: _members(share) for number in range((setting.users >> 16) + 1)}
        for share in SHARES
        for _variant in range(VARIANTS)
    ]
    written = 0
    with connection.transaction():
        for number in range(setting.cohorts):
            blocks = stock[(number - setting.cohorts) % len(stock)]
            written = workspace.write_blocks(connection, f"cohort {number}", blocks)
    connection.execute("VACUUM (ANALYZE) cohorts_block, cohorts_cohort")
    return written


def _members(share: float) -> BitMap64:
    return BitMap64(random.sample(range(BLOCK_SIZE), round(BLOCK_SIZE * share)))


def await_counts(connection: psycopg.Connection, cohorts: int) -> None:
    """Until the worker has counted all of them, as it does by itself."""
    until = monotonic() + LONGEST_SECONDS
    while monotonic() < until:
        row = connection.execute("SELECT count(*) FROM cohorts_cohortcount").fetchone()
        if row and row[0] >= cohorts:
            return
        sleep(1)
    raise TimeoutError(f"Not counted within {LONGEST_SECONDS} seconds.")


def pages(instance: Instance, cohort: int, setting: Setting) -> str:
    cookie = instance.manage("shell", "-v", "0", "-c", SIGN_IN).strip().splitlines()[-1]
    rows = []
    for name, path in PAGES.items():
        wanted = path.format(cohort=cohort, last=(setting.cohorts + 49) // 50)
        seconds = [_get(instance.port, wanted, cookie) for _ in range(REPEATS)]
        p50, p95, _p99 = percentiles(seconds)
        rows.append([name, f"{p50:,.0f} ms", f"{p95:,.0f} ms", milliseconds(min(seconds))])
    return render(["page", "p50", "p95", "best"], rows)


def _get(port: int, path: str, cookie: str) -> float:
    start = perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", path, headers={"Cookie": f"sessionid={cookie}"})
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200, f"{path}: {answer.status}"
    return perf_counter() - start


def files(instance: Instance, setting: Setting) -> str:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "members.csv"
        _write(file, setting)
        for mode in setting.modes:
            seconds, peak = _run(instance, file, mode)
            rows.append(
                [mode, rate(setting.file_ids, seconds), f"{seconds:.1f} s", mebibytes(peak)]
            )
    return render([f"{setting.file_ids:,} ids", "rate", "time", "peak memory"], rows)


def _write(file: Path, setting: Setting) -> None:
    order = people.draw(setting.users, min(setting.users, setting.file_ids))
    with file.open("w") as text:
        text.write("external_id\n")
        for number in range(setting.file_ids):
            text.write(f"{people.external_id(order[number % len(order)])}\n")


def _run(instance: Instance, file: Path, mode: str) -> tuple[float, int]:
    """Seconds that the command took, its start and applying included, and its peak memory."""
    command = [sys.executable, str(CHECKOUT / "manage.py"), "import_cohort", str(file)]
    command += ["--workspace", SLUG, "--partner", PARTNER, "--cohort", "from-a-file"]
    start = monotonic()
    with subprocess.Popen(
        [*command, "--mode", mode, "--yes"], env=instance.env, stdout=subprocess.PIPE
    ) as process:
        with PeakMemory({mode: process.pid}) as memory:
            process.communicate()
        assert process.returncode == 0
    return monotonic() - start, memory.peaks[mode]


if __name__ == "__main__":
    sys.exit(main())
