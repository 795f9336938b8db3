"""Exact reach of a five-cohort segment over HTTP, beside SQL on membership rows."""

import json
from dataclasses import dataclass
from time import perf_counter

import psycopg
from pyroaring import BitMap64

from bench import baseline, people
from bench.export import connect, exchange, post
from bench.setting import Setting
from bench.workspace import PARTNER, Workspace

# Members of the cohorts c1 to c5, as parts of all users.
SIZES = {"c1": 0.3, "c2": 0.2, "c3": 0.3, "c4": 0.25, "c5": 0.1}
COUNT_REPEATS = 5
WARM_UP = 20


@dataclass
class Reached:
    total: int
    latencies: list[float]
    sql: dict[str, float]  # best seconds of each form of the count


def measure(connection: psycopg.Connection, workspace: Workspace, setting: Setting) -> Reached:
    """Raises `AssertionError` unless HTTP and SQL count the same."""
    cohorts = {
        name: _write(connection, workspace, name, int(setting.users * part), setting.users)
        for name, part in SIZES.items()
    }
    connection.execute("VACUUM (ANALYZE) bench.membership")
    connection.execute("VACUUM (ANALYZE) cohorts_block")
    total, latencies = _over_http(workspace, setting.reaches)
    sql = {}
    for form in baseline.COUNTS:
        runs = [baseline.count(connection, form, cohorts) for _ in range(COUNT_REPEATS)]
        sql[form] = min(seconds for seconds, _ in runs)
        assert {counted for _, counted in runs} == {total}, f"{form} disagrees with {total}"
    return Reached(total, latencies, sql)


def _write(
    connection: psycopg.Connection, workspace: Workspace, name: str, size: int, users: int
) -> int:
    members = BitMap64(people.draw(users, size))
    cohort_id = workspace.write_cohort(connection, name, members)
    baseline.write(connection, cohort_id, members)
    return cohort_id


def _over_http(workspace: Workspace, requests: int) -> tuple[int, list[float]]:
    body = json.dumps({"filters": tree()}).encode()
    key = f"Authorization: Bearer {workspace.rest_api_key}"
    request = post("/segments/reach", body, key)
    latencies = []
    with connect(workspace.door.port) as connection:
        for _ in range(requests + WARM_UP):
            start = perf_counter()
            status, answer = exchange(connection, request)
            latencies.append(perf_counter() - start)
            if status != 200:
                raise RuntimeError(f"{status} {answer.decode(errors='replace')[:300]}")
    return json.loads(answer)["total"], latencies[WARM_UP:]


def tree() -> dict[str, object]:
    """`(c1 or c2) and c3 and c4 and not c5`."""
    return {
        "version": 1,
        "match": "all",
        "groups": [
            {"name": "", "match": "any", "filters": [_cohort("c1"), _cohort("c2")]},
            {"name": "", "match": "all", "filters": [_cohort("c3"), _cohort("c4")]},
        ],
        "exclusions": [{"name": "", "match": "any", "filters": [_cohort("c5")]}],
    }


def _cohort(external_id: str) -> dict[str, object]:
    return {
        "kind": "cohort",
        "partner": PARTNER,
        "operator": "includes",
        "cohorts": [external_id],
    }
