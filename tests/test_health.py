"""`/healthz` and `/readyz`, with dependencies that are there, away, and hanging."""

import socket
import threading
import time
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.db.migrations.recorder import MigrationRecorder
from django.db.models.functions import Now

from workspaces import heartbeat, tasks
from workspaces.models import WorkerHeartbeat

pytestmark = pytest.mark.alone


@pytest.fixture
def hole():
    """Port of a server that takes connections and never says a word, as a frozen one does."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield server.getsockname()[1]


@pytest.fixture
def nowhere():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]  # closed by the time that anybody tries it


@pytest.fixture
def database_at(monkeypatch):
    """Send new connections elsewhere; the one that the test has goes on."""

    def move(port):
        parameters = connections["default"].settings_dict
        monkeypatch.setitem(parameters, "HOST", "127.0.0.1")
        monkeypatch.setitem(parameters, "PORT", port)

    yield move
    # A question to a hanging server is given up after two seconds; the next test wants its own.
    monkeypatch.undo()
    await_threads()


def await_threads():
    until = time.monotonic() + 10
    while time.monotonic() < until and any(
        thread.daemon and "_run" in thread.name for thread in threading.enumerate()
    ):
        time.sleep(0.02)


@pytest.fixture
def working(transactional_db):
    heartbeat.beat("celery@here")


def quickest(call, times=3):
    """The answer, and the shortest time it took: this machine does other things too."""
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        answer = call()
        seconds.append(time.perf_counter() - started)
    return answer, min(seconds)


def test_healthz_depends_on_nothing(client):
    answer = client.get("/healthz")  # without the database that a test would have to ask for

    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}
    assert not answer.cookies


@pytest.mark.usefixtures("working")
def test_ready_when_everything_is_there(client):
    for path in ("/readyz", "/readyz/", "/readyz?strict=1"):
        answer = client.get(path)

        assert answer.status_code == 200
        assert answer.json() == {"status": "ready", "missing": [], "degraded": []}
        assert "no-store" in answer["Cache-Control"]
        assert not answer.cookies


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_never_ran_is_named_and_strictly_speaking_missing(client):
    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json()["degraded"] == ["workers"]
    assert client.get("/readyz?strict=1").status_code == 503


@pytest.mark.usefixtures("working")
def test_a_worker_silent_for_twenty_seconds_is_away(client):
    WorkerHeartbeat.objects.update(beat_at=Now() - timedelta(seconds=18))
    assert client.get("/readyz").json()["degraded"] == []

    WorkerHeartbeat.objects.update(beat_at=Now() - timedelta(seconds=21))

    assert client.get("/readyz").json()["degraded"] == ["workers"]


@pytest.mark.usefixtures("working")
def test_one_live_worker_is_enough(client):
    WorkerHeartbeat.objects.create(name="celery@gone", beat_at=Now() - timedelta(hours=1))

    assert client.get("/readyz?strict=1").status_code == 200


@pytest.mark.usefixtures("working")
def test_a_missing_migration_is_not_ready(client):
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied("cohorts", "0001_initial")
    try:
        answer = client.get("/readyz")
    finally:
        recorder.record_applied("cohorts", "0001_initial")

    assert answer.status_code == 503
    assert answer.json()["missing"] == ["migrations"]


@pytest.mark.usefixtures("working")
def test_without_postgresql_it_is_not_ready(client, database_at, nowhere):
    database_at(nowhere)

    answer, seconds = quickest(lambda: client.get("/readyz"))

    assert answer.status_code == 503
    assert answer.json()["missing"] == ["postgresql"]
    assert seconds < 0.5


@pytest.mark.usefixtures("working")
def test_a_hanging_postgresql_hangs_neither_the_answer_nor_a_thread_for_each(
    client, database_at, hole
):
    database_at(hole)
    threads = threading.active_count()

    answer, seconds = quickest(lambda: client.get("/readyz"))

    assert answer.status_code == 503
    assert answer.json()["missing"] == ["postgresql"]
    assert seconds < 0.5
    assert threading.active_count() <= threads + 1


@pytest.mark.usefixtures("working")
def test_it_is_ready_again_soon_after_postgresql_is(client, database_at, hole, monkeypatch):
    database_at(hole)
    assert client.get("/readyz").status_code == 503

    monkeypatch.undo()
    until = time.monotonic() + 10
    while client.get("/readyz").status_code == 503 and time.monotonic() < until:
        time.sleep(0.1)

    assert client.get("/readyz").status_code == 200


@pytest.mark.usefixtures("working")
@pytest.mark.parametrize("server", ["hole", "nowhere"])
def test_redis_away_or_hanging_is_degraded_and_quick(client, settings, server, request):
    settings.REDIS_URL = f"redis://127.0.0.1:{request.getfixturevalue(server)}/0"

    answer, seconds = quickest(lambda: client.get("/readyz"))

    assert answer.status_code == 200
    assert answer.json()["degraded"] == ["redis"]
    assert seconds < 0.5
    assert client.get("/readyz?strict=1").status_code == 503


@pytest.mark.django_db
def test_a_beat_is_written_once_a_worker_and_old_ones_are_forgotten():
    WorkerHeartbeat.objects.create(name="celery@gone", beat_at=Now() - timedelta(days=2))

    tasks.beat_heart.run()
    tasks.beat_heart.run()

    assert WorkerHeartbeat.objects.count() == 1
