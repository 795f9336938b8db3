"""One identify, merge and delete at a time over HTTP, of users who are in every cohort.

And the claim: users turn up in one import whom every cohort has named before.
"""

import csv
import json
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import psycopg
from pyroaring import BitMap64

from bench import people
from bench.export import connect, exchange, post
from bench.setting import Setting
from bench.workspace import SLUG, Workspace
from common.bitmaps import BLOCK_BITS, BLOCK_SIZE
from config.local.instance import Instance

# One user in so many is in every cohort, the others are in a twentieth of them.
EVERYWHERE = 64
DENSITY = 0.05
# Blocks are dealt from so many drawn beforehand: drawing each anew would take the evening.
DECK = 64

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
ALIASES = """
SELECT profile_id FROM profiles_identifier WHERE workspace_id = %s AND label = 'bench'
"""


@dataclass
class Moved:
    """Seconds of each call, by what it did; and of the claim, whose users' number is given."""

    cohorts: int
    latencies: dict[str, list[float]]
    claimed: int
    claiming: float


def measure(
    instance: Instance, connection: psycopg.Connection, workspace: Workspace, setting: Setting
) -> Moved:
    """Raises `RuntimeError` when a call is refused, or a claim leaves somebody waiting."""
    calls = setting.identities
    names = [f"visitor {number}" for number in range(calls)]
    with _Caller(workspace) as caller:
        for start in range(0, calls, 50):
            aliases = [_alias(name) for name in names[start : start + 50]]
            caller.call("/users/alias/new", {"user_aliases": aliases})
    anonymous = [row[0] for row in connection.execute(ALIASES, [workspace.id])]
    _write_cohorts(connection, workspace, setting, anonymous)
    chosen = iter(_everywhere(setting.users))
    with _Caller(workspace) as caller:
        latencies = {
            "identify": [
                caller.call(
                    "/users/identify",
                    {"aliases_to_identify": [{"external_id": next(chosen), "user_alias": alias}]},
                )
                for alias in map(_alias, names)
            ],
            "merge": [
                caller.call("/users/merge", {"merge_updates": [_pair(next(chosen), next(chosen))]})
                for _ in range(calls)
            ],
            "delete": [
                caller.call("/users/delete", {"external_ids": [next(chosen)]}) for _ in range(calls)
            ],
        }
    claiming = _claim(instance, connection, workspace)
    return Moved(setting.cohorts, latencies, WAITING_IDS, claiming)


class _Caller:
    """Makes calls one after another over one connection."""

    def __init__(self, workspace: Workspace) -> None:
        self.key = f"Authorization: Bearer {workspace.rest_api_key}"
        self.connection = connect(workspace.door.port)

    def __enter__(self) -> "_Caller":
        return self

    def __exit__(self, *trouble: object) -> None:
        self.connection.close()

    def call(self, path: str, fields: dict[str, object]) -> float:
        """How many seconds the answer took."""
        request = post(path, json.dumps(fields).encode(), self.key)
        start = perf_counter()
        status, answer = exchange(self.connection, request)
        seconds = perf_counter() - start
        if status >= 300 or b'"errors"' in answer:
            raise RuntimeError(f"{path}: {status} {answer.decode(errors='replace')[:300]}")
        return seconds


def _alias(name: str) -> dict[str, str]:
    return {"alias_label": "bench", "alias_name": name}


def _pair(to_merge: str, to_keep: str) -> dict[str, object]:
    return {
        "identifier_to_merge": {"external_id": to_merge},
        "identifier_to_keep": {"external_id": to_keep},
    }


def _everywhere(users: int) -> Iterator[str]:
    """External ids of users who are in every cohort, in no order, each once."""
    numbers = list(range(EVERYWHERE, users + 1, EVERYWHERE))
    random.shuffle(numbers)
    return map(people.external_id, numbers)


def _write_cohorts(
    connection: psycopg.Connection, workspace: Workspace, setting: Setting, also: Sequence[int]
) -> None:
    """Cohorts over all users, of whom one in `EVERYWHERE` and `also` are in each."""
    everywhere = BitMap64(range(0, BLOCK_SIZE, EVERYWHERE))
    deck = [
        BitMap64(random.sample(range(BLOCK_SIZE), int(BLOCK_SIZE * DENSITY))) | everywhere
        for _ in range(DECK)
    ]
    numbers = range((setting.users >> BLOCK_BITS) + 1)
    for cohort in range(setting.cohorts):
        blocks = {number: deck[(cohort * 7 + number) % DECK] for number in numbers}
        for profile_id in also:
            number = profile_id >> BLOCK_BITS
            blocks[number] = blocks.get(number, BitMap64()) | BitMap64([profile_id % BLOCK_SIZE])
        workspace.write_blocks(connection, f"identities {cohort}", blocks)
    connection.execute("VACUUM (ANALYZE) cohorts_block")
    connection.execute("CHECKPOINT")


def _claim(instance: Instance, connection: psycopg.Connection, workspace: Workspace) -> float:
    """Seconds of an import of users whom `WAITING_COHORTS` cohorts have been waiting for."""
    parameters = {"workspace": workspace.id, "ids": WAITING_IDS}
    with connection.transaction():
        waiting = BitMap64(row[0] for row in connection.execute(WAIT, parameters))
        connection.execute(COUNTED, [workspace.id, WAITING_IDS])
    for cohort in range(WAITING_COHORTS):
        workspace.write_cohort(connection, f"waited for {cohort}", waiting)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "users.csv"
        with file.open("w", newline="") as text:
            writer = csv.writer(text)
            writer.writerow(["external_id", "country"])
            writer.writerows([f"waiting {number}", "FR"] for number in range(1, WAITING_IDS + 1))
        start = perf_counter()
        instance.manage("import_users", str(file), "--workspace", SLUG)
        seconds = perf_counter() - start
    left = connection.execute(
        "SELECT count(*) FROM profiles_identifier WHERE workspace_id = %s AND state = 2",
        [workspace.id],
    ).fetchone()
    if left != (0,):
        raise RuntimeError(f"{left} ids still wait.")
    return seconds
