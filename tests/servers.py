"""A pytest plugin: real PostgreSQL and Redis for the tests, before Django reads its settings.

`DATABASE_URL` and `REDIS_URL` name servers to use instead. Loaded with `-p tests.servers`.
With `-n`, every process has servers of its own: tests empty Redis, and count queries.
"""

import os
from contextlib import ExitStack

import pytest

from config.local.throwaway import throwaway

GIVEN = ("DATABASE_URL", "REDIS_URL")
SHARING, ALONE = "browser", "chaos"
STARTED = ExitStack()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config):
    """A wrapper, because those come before pytest-django, which imports the settings here."""
    asked = early_config.known_args_namespace
    if not (asked.help or asked.version or asked.numprocesses):
        os.environ |= start()
    return (yield)


def pytest_xdist_setupnodes(specs):
    """Servers for each process, named in its surroundings before it begins."""
    if shared := [name for name in GIVEN if os.environ.get(name)]:
        raise pytest.UsageError(f"Leave out -n or {' and '.join(shared)}: processes share none.")
    for spec in specs:
        spec.env |= start()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Whole folders share one instance of real processes, or give those a deadline."""
    for item in items:
        if item.path.parent.name == SHARING:
            item.add_marker(pytest.mark.xdist_group(SHARING))
        elif item.path.parent.name == ALONE:
            item.add_marker(pytest.mark.alone)


def start():
    """Start what the surroundings don't name, and say where all of it is."""
    given = {name: os.environ.get(name, "") for name in GIVEN}
    servers = throwaway(
        children=(), database_url=given["DATABASE_URL"], redis_url=given["REDIS_URL"]
    )
    instance = STARTED.enter_context(servers)
    return {
        "DATABASE_URL": given["DATABASE_URL"] or instance.database_url,
        "REDIS_URL": given["REDIS_URL"] or instance.redis_url,
        "QUAYSIDE_HOME": str(instance.home.path),
    }


def pytest_unconfigure():
    STARTED.close()
