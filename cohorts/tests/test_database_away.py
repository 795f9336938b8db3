"""Without the database: 503 within three seconds, and never a 201."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import close_old_connections, connection, connections

from cohorts.models import Cohort, Upload
from cohorts.tests.factories import Connector, adds, make_cohort
from profiles.tests.connections import aside

pytestmark = pytest.mark.alone

ROOT = Path(__file__).resolve().parents[2]

# A process of its own, whose settings name a server that isn't there.
POST = """
import django; django.setup()
from django.test import Client
import json, sys, time
from common import keys
from common.keys import KeyKind
body = {
    "partner_api_key": keys.generate(KeyKind.PARTNER_API).text,
    "client_secret": keys.generate(KeyKind.DATA_IMPORT).text,
    "cohort_id": "spring", "name": "Spring", "created_at": "2026-05-04T10:00:00Z",
    "cohort_changes": [{"user_ids": ["ana"]}],
}
Client().get("/healthz")  # whose first call loads what a server has loaded
answers = []
for path in ("cohorts", "cohorts/users"):
    started = time.monotonic()
    response = Client(raise_request_exception=False).post(
        "/partners/tinyclues/" + path, body, content_type="application/json")
    answers.append({"status": response.status_code, "body": response.json(),
        "headers": dict(response.headers), "seconds": time.monotonic() - started})
print(json.dumps(answers))
"""


def post_without_database(port):
    environment = os.environ | {
        "DATABASE_URL": f"postgres://postgres@127.0.0.1:{port}/postgres",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", POST],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("answering", [False, True], ids=["closed port", "silent server"])
def test_no_database_is_503_with_retry_after_within_three_seconds(answering):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if answering:
            server.listen(10)

        answers = post_without_database(server.getsockname()[1])

    for answer in answers:
        assert (answer["status"], answer["body"]) == (503, {"message": "Temporarily unavailable"})
        assert int(answer["headers"]["Retry-After"]) > 0
        assert {"X-Request-Id", "X-RateLimit-Remaining"} <= set(answer["headers"])
        assert answer["seconds"] < 3


def end_the_connection(pid):
    """As an administrator's shutdown or a failover does it, from another connection."""

    def terminate():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    with aside(terminate):
        pass


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "order-66"}], ids=["plain", "named"])
def test_a_connection_that_broke_costs_one_request_which_stores_nothing(headers):
    tinyclues = Connector("acme", "tinyclues")
    tinyclues.name()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    end_the_connection(pid)

    away = tinyclues.change([adds("ana")], headers=headers)
    close_old_connections()  # as a server does after each request
    back = tinyclues.change([adds("ana")], headers=headers)

    assert (away.status_code, away.json()) == (503, {"message": "Temporarily unavailable"})
    assert away["Retry-After"]
    assert (back.status_code, back.headers.get("Idempotent-Replayed")) == (201, None)
    assert Upload.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_cohort_held_by_somebody_else_is_503_in_the_end_not_a_hang():
    tinyclues = Connector("acme", "tinyclues")
    make_cohort(tinyclues.workspace)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '200ms'")
    holder = connections.create_connection("default")
    try:
        with holder.cursor() as cursor:
            cursor.execute("BEGIN; SELECT FROM cohorts_cohorthead FOR UPDATE")
        started = time.monotonic()

        refused = tinyclues.add("ana")

        assert refused.status_code == 503
        assert time.monotonic() - started < 3
    finally:
        holder.close()
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
    assert Cohort.objects.count() == 1
    assert not Upload.objects.exists()
