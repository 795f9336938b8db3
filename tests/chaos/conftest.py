from collections.abc import Iterator
from itertools import count

import pytest

from config.local.instance import Instance
from config.local.throwaway import throwaway
from tests.chaos.driver import USERS, Driver
from tests.chaos.workspace import Keys, make_workspace

numbers = count(1)


@pytest.fixture(scope="package")
def instance() -> Iterator[Instance]:
    """Real processes, and a PostgreSQL that may be crashed."""
    with throwaway(durable=True) as instance:
        yield instance


@pytest.fixture(scope="package")
def keys(instance: Instance) -> Keys:
    return make_workspace(instance, "acme", USERS)


@pytest.fixture
def driver(instance: Instance, keys: Keys) -> Driver:
    """Four clients that upload to three cohorts of their own; not started yet."""
    seed = next(numbers)
    cohorts = [f"cohort-{seed}-{letter}" for letter in "abc"]
    return Driver(instance.url, keys, cohorts, seed)
