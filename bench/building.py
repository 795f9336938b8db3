"""The segment builder over HTTP: the answer to an edit, and a page of a picker.

The workspace has 200 partners with 2,000 cohorts; the tree that is edited has 20 filters on
cohorts of 5 to 30 % of all users, in three groups and an exclusion.
"""

from dataclasses import dataclass
from time import perf_counter
from urllib.parse import urlencode

import psycopg
from pyroaring import BitMap64

from bench import people
from bench.export import connect, exchange
from bench.setting import Setting
from bench.table import percentiles, render
from bench.workspace import PARTNER, Workspace
from config.local.instance import Instance

PARTNERS, COHORTS, FILTERS = 200, 2_000, 20
WARM_UP = 20
PATH = "/admin/segments/segment"

MAKE_PARTNERS = """
INSERT INTO partners_partner (slug, name)
SELECT 'partner-' || n, 'Partner ' || n FROM generate_series(1, %s) AS n
"""
MAKE_COHORTS = """
INSERT INTO cohorts_cohort (workspace_id, partner_id, external_id, name, export_file_name)
SELECT %(workspace)s, partner.id, 'offered-' || n, 'Offered ' || n, 'offered_' || n || '.csv'
FROM generate_series(1, %(cohorts)s) AS n
JOIN partners_partner AS partner ON partner.slug =
     CASE WHEN n %% 2 = 0 THEN %(partner)s ELSE 'partner-' || (n %% %(partners)s + 1) END
"""
SIGN_IN = """
from django.test import Client
from workspaces.models import User
client = Client()
client.force_login(User.objects.create_superuser("bench"))
print(client.cookies["sessionid"].value)
"""


@dataclass
class Built:
    """Latencies in seconds, by what was asked for."""

    latencies: dict[str, list[float]]


def measure(
    instance: Instance, connection: psycopg.Connection, workspace: Workspace, setting: Setting
) -> Built:
    _load(connection, workspace, setting)
    cookie = f"sessionid={instance.manage('shell', '-c', SIGN_IN).split()[-1]}"
    picks = {"what": f"cohort/{PARTNER}"}
    asked = {
        "an edit of 20 filters": _post(f"{PATH}/reach/", form(), cookie),
        "a picker that opens": _get(f"{PATH}/picks/?{urlencode(picks)}", cookie),
        "a search in the picker": _get(
            f"{PATH}/picks/?{urlencode(picks | {'text': 'OFFERED-199.csv'})}", cookie
        ),
    }
    port = workspace.door.port
    return Built({name: _time(port, one, setting.reaches) for name, one in asked.items()})


def told(built: Built) -> str:
    """The figures as a table."""
    rows = []
    for name, latencies in built.latencies.items():
        p50, p95, p99 = percentiles(latencies)
        rows.append([name, f"{p50:.1f}, {p95:.1f}, {p99:.1f} ms"])
    return render(["the segment builder over HTTP", "p50, p95, p99"], rows)


def form() -> list[tuple[str, str]]:
    """The builder's fields, as a browser posts them."""
    fields = [("match", "all"), ("live", "1"), ("csrfmiddlewaretoken", "b" * 32)]
    for group in range(4):
        fields += [("group", f"g{group}"), (f"g{group}-match", "any")]
        fields += [(f"g{group}-exclusion", "1")] if group == 3 else []
        for row in range(FILTERS // 4):
            key = f"g{group}-r{row}"
            fields += [
                (f"g{group}-row", f"r{row}"),
                (f"{key}-what", f"cohort/{PARTNER}"),
                (f"{key}-was", f"cohort/{PARTNER}"),
                (f"{key}-operator", "includes" if row else "does_not_include"),
                (f"{key}-values", f"filter-{group * (FILTERS // 4) + row}"),
            ]
    return fields


def _load(connection: psycopg.Connection, workspace: Workspace, setting: Setting) -> None:
    connection.execute(MAKE_PARTNERS, [PARTNERS])
    names = {"workspace": workspace.id, "partner": PARTNER}
    connection.execute(MAKE_COHORTS, {**names, "cohorts": COHORTS, "partners": PARTNERS})
    for number in range(FILTERS):
        part = 0.05 + 0.25 * number / FILTERS
        members = BitMap64(people.draw(setting.users, int(setting.users * part)))
        workspace.write_cohort(connection, f"filter-{number}", members)
    connection.execute("VACUUM (ANALYZE) cohorts_block")


def _post(path: str, fields: list[tuple[str, str]], cookie: str) -> bytes:
    body = urlencode(fields).encode()
    token = "b" * 32
    return (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}; csrftoken={token}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def _get(path: str, cookie: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n".encode()


def _time(port: int, request: bytes, times: int) -> list[float]:
    """Raises `RuntimeError` for anything but a page that counted or offers something."""
    latencies = []
    with connect(port) as connection:
        for _ in range(times + WARM_UP):
            start = perf_counter()
            status, answer = exchange(connection, request)
            latencies.append(perf_counter() - start)
            if status != 200 or not (b"data-said" in answer or b'role="option"' in answer):
                raise RuntimeError(f"{status} {answer.decode(errors='replace')[:300]}")
    return latencies[WARM_UP:]
