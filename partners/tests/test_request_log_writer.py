"""Writing the journal down: by a real server process, and across an outage of the database."""

import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.db import connection

from partners.models import HourlyFigures, LoggedCall
from partners.request_log import MOST_LINES, journal
from partners.request_log_writer import write_down
from profiles.tests.connections import aside
from tests.factories import make_partner

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[2]

# What a web server's process does: load the application, answer, and end some day.
SERVE = """
import io, multiprocessing, os, sys
def serve():
    from config.wsgi import application
    environ = {{
        "REQUEST_METHOD": "POST", "PATH_INFO": "/partners/tinyclues/cohorts",
        "SERVER_NAME": "localhost", "SERVER_PORT": "80", "REMOTE_ADDR": "203.0.113.7",
        "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": "2",
        "wsgi.input": io.BytesIO(b"{{}}"), "wsgi.errors": sys.stderr, "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0), "wsgi.multithread": True, "wsgi.multiprocess": True,
    }}
    b"".join(application(environ, lambda status, headers, error=None: None))
{body}
"""


@pytest.fixture(autouse=True)
def _nothing_noted():
    journal.start_over()
    make_partner()


def serving(body):
    """A process that serves as `body` says, on this test's database."""
    database = urlsplit(os.environ["DATABASE_URL"])._replace(
        path=f"/{connection.settings_dict['NAME']}"
    )
    return subprocess.Popen(
        [sys.executable, "-c", SERVE.format(body=body)],
        env=os.environ | {"DATABASE_URL": database.geturl(), "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        stdin=subprocess.PIPE,
    )


def await_lines(number, seconds=20):
    until = time.monotonic() + seconds
    while LoggedCall.objects.count() < number and time.monotonic() < until:
        time.sleep(0.05)
    return LoggedCall.objects.count()


def refuse(client):
    client.post("/partners/tinyclues/cohorts", "{}", content_type="application/json")


def test_a_process_that_goes_on_serving_writes_its_refusals_down():
    process = serving("serve(); sys.stdin.read()")
    try:
        assert await_lines(1) == 1
    finally:
        process.communicate(timeout=20)


def test_a_process_that_ends_writes_down_what_is_left():
    process = serving("serve()")

    process.communicate(timeout=20)

    assert process.returncode == 0
    assert LoggedCall.objects.get().reason == "partner_key_missing"


def test_processes_forked_from_one_that_loaded_the_application_each_write_their_own():
    process = serving("import config.wsgi\nos.fork()\nserve()\nsys.stdin.read()")
    try:
        assert await_lines(2) == 2
    finally:
        process.communicate(timeout=20)

    assert HourlyFigures.objects.get().refused == 2


def test_a_worker_process_of_a_server_writes_down_what_is_left():
    process = serving("multiprocessing.get_context('fork').Process(target=serve).start()")

    process.communicate(timeout=20)

    assert LoggedCall.objects.count() == 1


def test_an_outage_of_the_database_keeps_what_was_noted(client):
    refuse(client)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    with aside(lambda: end_connection(pid)):
        pass

    away = write_down()
    back = write_down()

    assert (away, back) == (False, True)
    assert LoggedCall.objects.count() == 1


def end_connection(pid):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def test_what_the_database_refuses_is_dropped_and_said_and_does_not_come_again(client, caplog):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE partners_loggedcall ADD CONSTRAINT never CHECK (false)")
    try:
        refuse(client)
        assert write_down() is True
        assert "request log dropped lines=1" in caplog.text
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE partners_loggedcall DROP CONSTRAINT never")

    assert write_down() is True
    assert not LoggedCall.objects.exists()


def test_the_most_that_can_be_noted_is_written_at_once(client):
    refuse(client)
    (entry,) = journal.take().lines
    for _ in range(MOST_LINES):
        journal.note(entry)
    batch = journal.take()
    batch.lines = [entry] * MOST_LINES
    journal.give_back(batch)

    assert write_down() is True

    assert LoggedCall.objects.count() == MOST_LINES
