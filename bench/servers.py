"""An instance for measuring: real servers of its own, made for one run and gone after it."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from config.local.home import CHECKOUT, Home
from config.local.instance import Instance
from config.local.lock import Lock

FOLDER = CHECKOUT / ".local" / "bench"


@contextmanager
def private_instance(**options: Any) -> Iterator[Instance]:
    """A started instance that shares nothing with the developer's, and is as durable as it.

    Raises `CannotStart` when another measurement is under way: figures of both would be wrong.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    remove_leftovers()
    try:
        with Instance(Home(FOLDER), **options) as instance:
            yield instance
    finally:
        remove_leftovers()


def remove_leftovers() -> None:
    """What an earlier run left that was killed; nothing that somebody still uses."""
    home = Home(FOLDER)
    lock = Lock(home)
    lock.take()
    home.remove()
    lock.give_back()
