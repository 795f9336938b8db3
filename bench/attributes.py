"""Exact reach of trees of twenty filters on attributes over HTTP, and how fast they are folded."""

import json
import random
from dataclasses import dataclass
from time import monotonic, perf_counter, sleep
from typing import Any

import psycopg

from bench.export import connect, exchange, post
from bench.setting import Setting
from bench.table import mebibytes, milliseconds, percentiles
from bench.workspace import Workspace

FILTERS = 20
COUNTRIES = ["FR", "ES", "DE", "IT", "PT", "BE", "NL", "GB", "IE", "CH"]
CITIES = 1_000
CHECKED = 5  # trees whose total SQL counts too
WARM_UP = 20
FEW = "3 filters of all kinds"

# 15 attributes: some that few values share out, some where hardly two users agree.
GIVE = """
UPDATE profiles_profile AS profile SET attributes = jsonb_build_object(
    'country', (%(countries)s::text[])[1 + floor(power(random(), 2) * 10)::int],
    'language', (ARRAY['fr', 'es', 'de', 'en'])[1 + floor(random() * 4)::int],
    'gender', (ARRAY['F', 'M', 'O'])[1 + floor(random() * 3)::int],
    'email', 'user' || id || '@example.com',
    'email_subscribe',
        (ARRAY['opted_in', 'subscribed', 'unsubscribed'])[1 + floor(random() * 3)::int],
    'home_city', 'City ' || floor(power(random(), 2) * %(cities)s)::int,
    'dob', (date '1940-01-01' + floor(random() * 25000)::int)::text,
    'age', floor(random() * 80 + 18)::int,
    'orders', floor(power(random(), 4) * 100)::int,
    'spent', round((random() * 5000)::numeric, 2),
    'score', random(),
    'vip', random() < 0.05,
    'tags', to_jsonb((ARRAY['red', 'blue', 'green', 'gold'])[1 + floor(random() * 4)::int:4]),
    'last_purchase',
        to_char(now() - random() * interval '400 days', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
) || CASE WHEN random() < 0.3 THEN '{"nickname": "Sam"}' ELSE '{}' END::jsonb
WHERE workspace_id = %(workspace)s AND id >> 16 = %(number)s
"""
# All positions of a block, as the bitmap that runs from the first to the last.
NOTE = r"""
INSERT INTO profiles_facetchange (workspace_id, number, users, count)
VALUES (%(workspace)s, %(number)s,
        '\x0100000000000000000000003b300000010000ffff01000000ffff', 65536)
"""


@dataclass
class Measured:
    unfolded: float  # seconds that the first three filters took when nobody was folded yet
    folded_per_second: float
    pages_bytes: int
    latencies: dict[str, list[float]]  # of each kind of tree
    sql: float  # best seconds of counting one of the trees


def measure(connection: psycopg.Connection, workspace: Workspace, setting: Setting) -> Measured:
    """Raises `AssertionError` unless HTTP and SQL count the same."""
    numbers = range((setting.users >> 16) + 1)
    parameters: dict[str, Any] = {"workspace": workspace.id, "countries": COUNTRIES}
    for number in numbers:
        connection.execute(GIVE, parameters | {"number": number, "cities": CITIES})
    connection.execute("VACUUM (ANALYZE) profiles_profile")
    draw = random.Random(5)
    kinds = {
        "20 filters of all kinds": [tree(draw, FILTERS, KINDS) for _ in range(setting.reaches)],
        "20 filters on numbers and times": [
            tree(draw, FILTERS, SPANS) for _ in range(setting.reaches)
        ],
        FEW: [tree(draw, 3, KINDS) for _ in range(setting.reaches)],
        "1 filter: text contains": [
            tree(draw, 1, [contains]) for _ in range(max(1, setting.reaches // 10))
        ],
    }
    began = monotonic()
    with connection.transaction():
        for number in numbers:
            connection.execute(NOTE, {"workspace": workspace.id, "number": number})
    (early,), (unfolded,) = _over_http(workspace, [kinds[FEW][0][0]], warm_up=0)
    while _one(connection, "SELECT count(*) FROM profiles_facetchange"):
        sleep(0.2)
    seconds = monotonic() - began
    connection.execute("VACUUM (ANALYZE) profiles_facetpage")
    latencies = {}
    for name, trees in kinds.items():
        totals, latencies[name] = _over_http(workspace, [made for made, _ in trees])
        runs = [_count(connection, workspace.id, sql) for _, sql in trees[:CHECKED]]
        assert [total for total, _ in runs] == totals[:CHECKED], name
        if name == FEW:
            assert totals[0] == early, "the total before folding"
            best = min(seconds for _, seconds in runs)
    size = _one(connection, "SELECT pg_total_relation_size('profiles_facetpage')")
    return Measured(unfolded, setting.users / seconds, size, latencies, best)


def told(measured: Measured) -> str:
    """The figures as lines of a table."""
    lines = [
        f"3 filters when nobody was folded yet: {milliseconds(measured.unfolded)}.",
        f"Folded by the worker: {measured.folded_per_second:,.0f} users/s.",
        f"Pages: {mebibytes(measured.pages_bytes)}.",
    ]
    for name, seconds in measured.latencies.items():
        p50, p95, p99 = percentiles(seconds)
        lines.append(f"{name}: p50 {p50:.1f}, p95 {p95:.1f}, p99 {p99:.1f} ms.")
    return "\n".join([*lines, f"SQL count of 3 filters, the best: {milliseconds(measured.sql)}."])


def _over_http(
    workspace: Workspace, trees: list[Any], *, warm_up: int = WARM_UP
) -> tuple[list[int], list[float]]:
    key = f"Authorization: Bearer {workspace.rest_api_key}"
    requests = [
        post("/segments/reach", json.dumps({"filters": made}).encode(), key) for made in trees
    ]
    totals, latencies = [], []
    with connect(workspace.door.port) as connection:
        for request in requests[:warm_up]:
            exchange(connection, request)
        for request in requests:
            start = perf_counter()
            status, answer = exchange(connection, request)
            latencies.append(perf_counter() - start)
            if status != 200:
                raise RuntimeError(f"{status} {answer.decode(errors='replace')[:300]}")
            totals.append(json.loads(answer)["total"])
    return totals, latencies


def _count(connection: psycopg.Connection, workspace_id: int, condition: str) -> tuple[int, float]:
    start = perf_counter()
    counted = _one(
        connection,
        f"SELECT count(*) FROM profiles_profile WHERE workspace_id = {workspace_id}"
        f" AND ({condition})",
    )
    return counted, perf_counter() - start


def _one(connection: psycopg.Connection, query: str) -> int:
    row = connection.execute(query).fetchone()
    assert row
    return int(row[0])


# Each filter as JSON, beside the SQL that says the same of the attributes.


def tree(draw: random.Random, filters: int, kinds: list[Any]) -> tuple[dict[str, Any], str]:
    """Groups of up to four filters, joined at random, and the last of them an exclusion."""
    groups, conditions = [], []
    left = filters
    while left:
        size = min(left, 4)
        left -= size
        match = draw.choice(["all", "any"])
        made = [draw.choice(kinds)(draw) for _ in range(size)]
        groups.append({"name": "", "match": match, "filters": [one for one, _ in made]})
        conditions.append(f" {'AND' if match == 'all' else 'OR'} ".join(sql for _, sql in made))
    between = draw.choice(["all", "any"])
    kept = groups[:-1] if len(groups) > 1 else groups
    parts = [f"({one})" for one in conditions[: len(kept)]]
    sql = f" {'AND' if between == 'all' else 'OR'} ".join(parts)
    if len(groups) > 1:
        sql = f"({sql}) AND NOT ({conditions[-1]})"
    json_tree = {
        "version": 1,
        "match": between,
        "groups": kept,
        "exclusions": groups[len(kept) :],
    }
    return json_tree, sql


def text(draw: random.Random) -> tuple[dict[str, Any], str]:
    name, values = draw.choice(
        [
            ("country", draw.sample(COUNTRIES, 3)),
            ("language", ["FR", "es"]),
            ("home_city", [f"city {draw.randrange(CITIES)}" for _ in range(5)]),
            ("email", [f"USER{draw.randrange(1_000_000)}@example.com"]),
            ("gender", ["F"]),
        ]
    )
    listed = ", ".join(f"'{value.lower()}'" for value in values)
    is_none = draw.random() < 0.3
    operator = "is_none_of" if is_none else "is_any_of"
    sql = f"coalesce(lower(attributes ->> '{name}') IN ({listed}), false)"
    return _filter(name, operator, *values), f"NOT {sql}" if is_none else sql


def number(draw: random.Random) -> tuple[dict[str, Any], str]:
    name, top = draw.choice([("age", 98), ("orders", 100), ("spent", 5000), ("score", 1)])
    low, high = sorted([round(draw.random() * top, 3), round(draw.random() * top, 3)])
    value = f"(attributes ->> '{name}')::float8"
    if draw.random() < 0.5:
        return _filter(name, "more_than", low), f"{value} > {low}"
    return _filter(name, "between", low, high), f"{value} BETWEEN {low} AND {high}"


def when(draw: random.Random) -> tuple[dict[str, Any], str]:
    name = draw.choice(["last_purchase", "dob"])
    year = 2026 if name == "last_purchase" else draw.randrange(1945, 2005)
    day = f"{year}-{draw.randrange(1, 13):02d}-{draw.randrange(1, 28):02d}"
    value = f"(attributes ->> '{name}')::timestamptz AT TIME ZONE 'UTC'"
    if name == "dob":
        value = f"(attributes ->> '{name}')::timestamp"
    return _filter(name, "before", day), f"{value} < '{day}'"


def flag(_draw: random.Random) -> tuple[dict[str, Any], str]:
    return _filter("vip", "is_not_true"), "NOT (attributes ->> 'vip')::boolean"


def tag(_draw: random.Random) -> tuple[dict[str, Any], str]:
    return _filter("tags", "includes", "BLUE"), "attributes -> 'tags' ? 'blue'"


def blank(_draw: random.Random) -> tuple[dict[str, Any], str]:
    return _filter("nickname", "is_blank"), "NOT attributes ? 'nickname'"


def identified(_draw: random.Random) -> tuple[dict[str, Any], str]:
    return {"kind": "identity", "operator": "is_identified"}, "external_id IS NOT NULL"


def contains(draw: random.Random) -> tuple[dict[str, Any], str]:
    digits = draw.randrange(100, 1000)
    sql = f"attributes ->> 'email' LIKE '%{digits}%'"
    return _filter("email", "contains", str(digits)), sql


KINDS = [text, text, text, number, number, when, when, flag, tag, blank, identified]
SPANS = [number, when]


def _filter(name: str, operator: str, *values: Any) -> dict[str, Any]:
    made = {"kind": "attribute", "name": name, "operator": operator}
    return made | ({"values": list(values)} if values else {})
