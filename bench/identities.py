"""One identify, merge and delete at a time over HTTP, of users who are in every cohort."""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter

import psycopg
from pyroaring import BitMap64

from bench import people
from bench.export import connect, exchange, post
from bench.processes import cpu_seconds
from bench.setting import Setting
from bench.workspace import Workspace
from common.bitmaps import BLOCK_BITS, BLOCK_SIZE

# One user in so many is in every cohort, the others are in a twentieth of them.
EVERYWHERE = 64
DENSITY = 0.05
# Blocks are dealt from so many drawn beforehand: drawing each anew would take the evening.
DECK = 64

ALIASES = """
SELECT profile_id FROM profiles_identifier WHERE workspace_id = %s AND label = 'bench'
"""


@dataclass
class Moved:
    """Seconds of each call, and CPU seconds of one on average, by what it did."""

    cohorts: int
    latencies: dict[str, list[float]]
    cpu: dict[str, float]


def measure(
    connection: psycopg.Connection, workspace: Workspace, setting: Setting, roots: dict[str, int]
) -> Moved:
    """Raises `RuntimeError` when a call is refused."""
    calls = setting.identities
    names = [f"visitor {number}" for number in range(calls)]
    with _Caller(workspace) as caller:
        for start in range(0, calls, 50):
            aliases = [_alias(name) for name in names[start : start + 50]]
            caller.call("/users/alias/new", {"user_aliases": aliases})
    anonymous = [row[0] for row in connection.execute(ALIASES, [workspace.id])]
    _write_cohorts(connection, workspace, setting, anonymous)
    moved = Moved(setting.cohorts, {}, {})
    for what, requests in _requests(names, _everywhere(setting.users)).items():
        path = f"/users/{what}"
        before = _cpu(roots)
        with _Caller(workspace) as caller:
            moved.latencies[what] = [caller.call(path, fields) for fields in requests]
        moved.cpu[what] = (_cpu(roots) - before) / calls
    return moved


def _requests(names: Sequence[str], chosen: Iterator[str]) -> dict[str, list[dict[str, object]]]:
    """What to say in each call, by what it does: a user for each name, each user once."""
    identify, merge, delete = [], [], []
    for name in names:
        pair = {"external_id": next(chosen), "user_alias": _alias(name)}
        identify.append({"aliases_to_identify": [pair]})
        merge.append({"merge_updates": [_pair(next(chosen), next(chosen))]})
        delete.append({"external_ids": [next(chosen)]})
    return {"identify": identify, "merge": merge, "delete": delete}


def _cpu(roots: dict[str, int]) -> float:
    return sum(cpu_seconds(roots[name]) for name in ("web", "postgres"))


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
