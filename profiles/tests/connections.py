"""Real transactions side by side, each in a thread with a connection of its own."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import connection


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
