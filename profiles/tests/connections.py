"""Real transactions side by side, each in a thread with a connection of its own."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

BLOCKED = """
SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0
"""


def _then_close(work: Callable[[], Any]) -> Any:
    try:
        return work()
    finally:
        connection.close()


@contextmanager
def aside(*works: Callable[[], Any]) -> Iterator[list[Future[Any]]]:
    """Run each of `works` in its own thread; their results are waited for at the end."""
    with ThreadPoolExecutor(len(works)) as pool:
        futures = [pool.submit(_then_close, work) for work in works]
        yield futures
        for future in futures:
            future.result(timeout=20)


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Start `works` at the same moment and return what each returned."""
    barrier = threading.Barrier(len(works))

    def started(work: Callable[[], Any]) -> Callable[[], Any]:
        def run() -> Any:
            barrier.wait(timeout=20)
            return work()

        return run

    with aside(*(started(work) for work in works)) as futures:
        pass
    return [future.result() for future in futures]


@contextmanager
def held(hold: Callable[[], Any]) -> Iterator[Callable[[], None]]:
    """What `hold` did is done, but commits only when the caller says so, or at the end."""
    done, may_commit = threading.Event(), threading.Event()

    def work() -> None:
        try:
            with transaction.atomic():
                hold()
                done.set()
                assert may_commit.wait(timeout=20)
        finally:
            done.set()

    with aside(work):
        try:
            assert done.wait(timeout=20)
            yield may_commit.set
        finally:
            may_commit.set()


def await_blocked(count: int = 1, *, unless: Future[Any] | None = None) -> None:
    """Wait until so many connections wait for another's lock, or `unless` is done without."""
    for _ in range(10_000):
        with connection.cursor() as cursor:
            cursor.execute(BLOCKED)
            if cursor.fetchone()[0] >= count or (unless is not None and unless.done()):
                return
    raise AssertionError(f"no {count} connections wait for another's lock")
