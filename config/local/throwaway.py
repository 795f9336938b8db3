"""Homes for tests: made in the temporary folder, and gone with all they had."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from config.local.account import CannotStart
from config.local.home import Home
from config.local.instance import Instance
from config.local.lock import Lock
from config.local.postgres import FORGETFUL

PREFIX = "quayside-test-"


@contextmanager
def throwaway_home() -> Iterator[Home]:
    sweep()
    home = Home(Path(tempfile.mkdtemp(prefix=PREFIX)))
    try:
        yield home
    finally:
        home.remove()


@contextmanager
def throwaway(*, durable: bool = False, **options: Any) -> Iterator[Instance]:
    """A started instance of its own, with `Instance`'s options.

    `durable` is for tests that cut PostgreSQL's power; others needn't wait for the disk.
    """
    settings = {} if durable else FORGETFUL
    settings = settings | dict(options.pop("postgres_settings", {}))
    with (
        throwaway_home() as home,
        Instance(home, postgres_settings=settings, **options) as instance,
    ):
        yield instance


def sweep() -> None:
    """Remove the homes of test runs that were killed: whose lock nobody holds."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if path.stat().st_uid == os.getuid() and (path / "lock").exists():
            lock = Lock(Home(path))
            try:
                lock.take()
            except CannotStart:
                continue
            Home(path).remove()
            lock.give_back()
