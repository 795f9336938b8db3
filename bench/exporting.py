"""Export and baseline by turns, so that what disturbs the machine disturbs both."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic, sleep

import psycopg
from pyroaring import BitMap64

from bench import baseline, people
from bench.export import IDS_A_REQUEST, Sent, send
from bench.processes import cpu_seconds
from bench.setting import Setting
from bench.workspace import Workspace
from cohorts import blocks
from common import bitmaps

POLL_SECONDS = 0.02
LONGEST_SECONDS = 600

MEMBERS = """
SELECT block.number, block.members, block.added, block.removed
  FROM cohorts_cohort AS cohort JOIN cohorts_block AS block ON block.cohort_id = cohort.id
 WHERE cohort.workspace_id = %s AND cohort.external_id = %s
"""
APPLIED = """
SELECT cursor.sequence
  FROM cohorts_cohort AS cohort JOIN cohorts_cohortcursor AS cursor ON cursor.cohort_id = cohort.id
 WHERE cohort.workspace_id = %s AND cohort.external_id = %s
"""


@dataclass
class Round:
    """One export of a cohort and one run of the baseline with the same ids. Times in seconds."""

    ids: int
    accepting: float
    end_to_end: float
    copy_and_join: float
    latencies: list[float]
    cpu: dict[str, float] = field(default_factory=dict)  # by process, of the export
    baseline_cpu: float = 0.0  # of PostgreSQL, of COPY and join

    @property
    def lag(self) -> float:
        """From the last 201 until everything was applied."""
        return self.end_to_end - self.accepting

    @property
    def ratio(self) -> float:
        return self.copy_and_join / self.end_to_end


@dataclass
class Contest:
    connection: psycopg.Connection
    workspace: Workspace
    setting: Setting
    roots: dict[str, int]  # process ids of the trees whose CPU time is told

    def run(self, number: int) -> Round:
        """Export a cohort of random users, then have the baseline do the same."""
        drawn = people.draw(self.setting.users, self.setting.cohort)
        external_ids = [people.external_id(profile) for profile in drawn]
        self._settle()
        export = self._export(f"round-{number}", external_ids)
        assert self._members(f"round-{number}") == BitMap64(drawn), "Not what was exported."
        self._settle()
        self._run_baseline(export, number, external_ids)
        return export

    def _run_baseline(self, export: Round, number: int, external_ids: Sequence[str]) -> None:
        batches = baseline.encode(external_ids)
        before = cpu_seconds(self.roots["postgres"])
        export.copy_and_join = baseline.apply(self.connection, self.workspace.id, -number, batches)
        export.baseline_cpu = cpu_seconds(self.roots["postgres"]) - before

    def _settle(self) -> None:
        """No dirty pages left over that the next one would have to write."""
        self.connection.execute("CHECKPOINT")
        sleep(1)

    def _export(self, cohort: str, external_ids: Sequence[str]) -> Round:
        door = self.workspace.door
        requests = [
            door.request(cohort, external_ids[at : at + IDS_A_REQUEST])
            for at in range(0, len(external_ids), IDS_A_REQUEST)
        ]
        before = self._cpu()
        sent = send(door.port, requests, self.setting.connections)
        applied_at = self._await_applied(cohort, len(requests))
        cpu = {name: used - before[name] for name, used in self._cpu().items()}
        return self._account(sent, applied_at, len(external_ids), cpu)

    @staticmethod
    def _account(sent: Sent, applied_at: float, ids: int, cpu: dict[str, float]) -> Round:
        return Round(
            ids=ids,
            accepting=sent.ended - sent.began,
            end_to_end=max(applied_at, sent.ended) - sent.began,
            copy_and_join=0.0,
            latencies=sent.latencies,
            cpu=cpu | {"client": sent.cpu_seconds},
        )

    def _await_applied(self, cohort: str, requests: int) -> float:
        """When the last request was applied. Raises `TimeoutError`."""
        until = monotonic() + LONGEST_SECONDS
        while monotonic() < until:
            row = self.connection.execute(APPLIED, [self.workspace.id, cohort]).fetchone()
            if row and row[0] == requests:
                return monotonic()
            sleep(POLL_SECONDS)
        raise TimeoutError(f"{cohort} wasn't applied within {LONGEST_SECONDS} seconds.")

    def _members(self, cohort: str) -> BitMap64:
        with self.connection.cursor(binary=True) as cursor:
            cursor.execute(MEMBERS, [self.workspace.id, cohort])
            return bitmaps.join((n, blocks.read(*columns)) for n, *columns in cursor)

    def _cpu(self) -> dict[str, float]:
        return {name: cpu_seconds(root) for name, root in self.roots.items()}
