"""Whether this process lives, and whether it can do its work.

A dependency that hangs must not make the answer hang: each is asked in a thread of its
own, with a deadline, and not asked again while an earlier question is still open.
"""

import functools
import threading
from collections.abc import Callable
from concurrent.futures import Future
from time import monotonic

import redis
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from redis.backoff import NoBackoff
from redis.retry import Retry

from workspaces.heartbeat import MOST_SECONDS

# The whole of /readyz stays under 500 ms.
DEADLINE_SECONDS = 0.4
REDIS_TIMEOUT = 0.3
# A server that vanished from the network ends the question; one that is frozen, once it thaws.
GIVE_UP = {"keepalives_idle": 1, "keepalives_interval": 1, "keepalives_count": 3}

_FACTS = """
SELECT app, name, (SELECT extract(epoch FROM now() - max(beat_at))
                     FROM workspaces_workerheartbeat)
  FROM django_migrations
"""


class Probe:
    """A question to a dependency, asked by one thread at a time however many want to know."""

    def __init__(self, ask: Callable[[], list[str]]) -> None:
        self.ask = ask
        self._lock = threading.Lock()
        self._asked: Future[list[str]] | None = None

    def start(self) -> Future[list[str]]:
        with self._lock:
            if self._asked is None or self._asked.done():
                self._asked = Future()
                threading.Thread(target=self._run, args=[self._asked], daemon=True).start()
            return self._asked

    def _run(self, future: Future[list[str]]) -> None:
        try:
            future.set_result(self.ask())
        except Exception as error:  # noqa: BLE001  # `_answer` raises it again
            future.set_exception(error)


def _ask_postgresql() -> list[str]:
    """What is missing, of `migrations` and `workers`. Raises when there is no database.

    On a connection of its own, so that a pool or a session in trouble can't stand in.
    """
    connection = connections[DEFAULT_DB_ALIAS].copy()
    connection.settings_dict["OPTIONS"] |= GIVE_UP
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass('workspaces_workerheartbeat')")
            if cursor.fetchone()[0] is None:
                return ["migrations", "workers"]
            cursor.execute(_FACTS)
            rows = cursor.fetchall()
    finally:
        connection.close()
    missing = shipped_migrations() - {(app, name) for app, name, _ in rows}
    silence = rows[0][2] if rows else None
    away = silence is None or silence > MOST_SECONDS
    return (["migrations"] if missing else []) + (["workers"] if away else [])


def _ask_redis() -> list[str]:
    client = redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=REDIS_TIMEOUT,
        socket_connect_timeout=REDIS_TIMEOUT,
        retry=Retry(NoBackoff(), 0),
    )
    with client:
        client.ping()
    return []


@functools.cache
def shipped_migrations() -> frozenset[tuple[str, str]]:
    """App and name of every migration that this version brings."""
    return frozenset(MigrationLoader(None, ignore_no_migrations=True).disk_migrations or ())


postgresql, redis_server = Probe(_ask_postgresql), Probe(_ask_redis)


def _answer(question: Future[list[str]], until: float, name: str) -> list[str]:
    try:
        return question.result(timeout=max(0, until - monotonic()))
    except Exception:  # noqa: BLE001  # too late, or whatever went wrong: it isn't there
        return [name]


@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """The process lives. Depends on nothing, so that a restart happens only where it helps."""
    return JsonResponse({"status": "ok"})


@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Whether partners' calls can be accepted now; with `?strict=1`, whether all works.

    Redis and workers may be away: what was accepted meanwhile is applied once they are back.
    """
    until = monotonic() + DEADLINE_SECONDS
    questions = [("postgresql", postgresql.start()), ("redis", redis_server.start())]
    away = [text for name, question in questions for text in _answer(question, until, name)]
    missing = [name for name in away if name in ("postgresql", "migrations")]
    degraded = [name for name in away if name not in missing]
    strict = request.GET.get("strict", "0") not in ("", "0", "false")
    ready = not missing and not (strict and degraded)
    body = {"status": "ready" if ready else "unavailable", "missing": missing, "degraded": degraded}
    return JsonResponse(body, status=200 if ready else 503)
