"""How fast `import_users` takes in users: new ones, and ones whom cohorts have waited for.

Its command is a process of its own, whose memory and CPU time the system accounts for.
"""

import csv
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import psycopg
from pyroaring import BitMap64

from bench import people
from bench.processes import cpu_seconds
from bench.workspace import SLUG, Workspace
from config.local.home import CHECKOUT
from config.local.instance import Instance

INTO = "bench-import"

WAITING_COHORTS = 200
WAITING_IDS = 100_000
WAIT = """
INSERT INTO profiles_identifier
    (workspace_id, kind, label, value, profile_id, state, last_named_at)
SELECT %(workspace)s, 1, '', 'waiting ' || n, nextval('profiles_profile_id_seq'), 2, now()
FROM generate_series(1, %(ids)s) AS n
RETURNING profile_id
"""
COUNTED = """
INSERT INTO profiles_waitingchange (workspace_id, change) VALUES (%s, %s)
"""
STILL_WAITING = """
SELECT count(*) FROM profiles_identifier WHERE workspace_id = %s AND state = 2
"""
WAL = "SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint"


@dataclass
class Imported:
    """One import: seconds, bytes of WAL, and by process CPU seconds and the command's memory.

    The command's start is part of it.
    """

    users: int
    seconds: float
    wal: int
    cpu: dict[str, float]
    memory: int


@dataclass
class Importer:
    instance: Instance
    connection: psycopg.Connection

    def new_users(self, users: int) -> Imported:
        """Users who have an address and a country, in a workspace of their own."""
        self.instance.manage("create_workspace", INTO)
        ids = map(people.external_id, range(users))
        rows = ([user, f"{user[:8]}@example.com", "FR"] for user in ids)
        return self._run(INTO, users, ["external_id", "email", "country"], rows)

    def claims(self, workspace: Workspace) -> Imported:
        """Users whom every one of `WAITING_COHORTS` cohorts has named before.

        Raises `RuntimeError` when some of them wait on.
        """
        parameters = {"workspace": workspace.id, "ids": WAITING_IDS}
        with self.connection.transaction():
            waiting = BitMap64(row[0] for row in self.connection.execute(WAIT, parameters))
            self.connection.execute(COUNTED, [workspace.id, WAITING_IDS])
        for cohort in range(WAITING_COHORTS):
            workspace.write_cohort(self.connection, f"waited for {cohort}", waiting)
        rows = ([f"waiting {number}", "FR"] for number in range(1, WAITING_IDS + 1))
        imported = self._run(SLUG, WAITING_IDS, ["external_id", "country"], rows)
        if left := self._number(STILL_WAITING, [workspace.id]):
            raise RuntimeError(f"{left} ids still wait.")
        return imported

    def _run(self, slug: str, users: int, header: list[str], rows: Iterable[list[str]]) -> Imported:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "users.csv"
            with file.open("w", newline="") as text:
                writer = csv.writer(text)
                writer.writerow(header)
                writer.writerows(rows)
            self.connection.execute("CHECKPOINT")
            wal = self._number(WAL)
            postgres = self.instance.pid("postgres")
            before = cpu_seconds(postgres) if postgres else 0.0
            start = monotonic()
            used = self._command("import_users", str(file), "--workspace", slug)
            seconds = monotonic() - start
        cpu = {"command": used.ru_utime + used.ru_stime}
        cpu["postgres"] = cpu_seconds(postgres) - before if postgres else 0.0
        return Imported(users, seconds, self._number(WAL) - wal, cpu, used.ru_maxrss * 1024)

    def _command(self, *arguments: str) -> "os.struct_rusage":
        """What the management command used. Raises `RuntimeError` when it fails."""
        process = subprocess.Popen(
            [sys.executable, str(CHECKOUT / "manage.py"), *arguments],
            cwd=CHECKOUT,
            env=self.instance.env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _pid, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"{arguments[0]} failed.")
        return used

    def _number(self, statement: str, parameters: Sequence[int] = ()) -> int:
        row = self.connection.execute(statement, parameters).fetchone()
        assert row
        return int(row[0])
