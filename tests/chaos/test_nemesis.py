"""A seeded enemy that kills, freezes, empties and crashes at random for two minutes.

`CHAOS_SEED` repeats a run's faults; which of them meets which request is still chance.
"""

import os
import random
import signal
import time
from collections import Counter

import pytest

from config.local.instance import Instance
from tests.chaos.checker import check
from tests.chaos.driver import Driver
from tests.chaos.workspace import await_drained

SECONDS = int(os.environ.get("CHAOS_SECONDS", "120"))


class Nemesis:
    def __init__(self, instance: Instance, seed: int) -> None:
        self.instance = instance
        self.draw = random.Random(seed)
        self.faults: Counter[str] = Counter()

    def strike(self) -> None:
        fault = self.draw.choice(
            [self.kill_worker, self.kill_worker, self.kill_web, self.kill_beat]
            + [self.freeze_worker, self.freeze_redis, self.stop_redis, self.empty_redis]
            + [self.crash_postgres]
        )
        self.faults[fault.__name__] += 1
        fault()

    def kill_worker(self) -> None:
        self.instance.kill("worker", signal.SIGKILL, group=True)

    def kill_web(self) -> None:
        self.instance.kill("web", signal.SIGKILL, group=True)

    def kill_beat(self) -> None:
        self.instance.kill("beat", signal.SIGKILL, group=True)

    def freeze_worker(self) -> None:
        self.instance.freeze("worker")
        self._wait(2)
        self.instance.thaw("worker")

    def freeze_redis(self) -> None:
        self.instance.freeze("redis")
        self._wait(4)
        self.instance.thaw("redis")

    def stop_redis(self) -> None:
        self.instance.stop("redis")
        self._wait(2)
        self.instance.start("redis")

    def empty_redis(self) -> None:
        assert self.instance.redis
        with self.instance.redis.client() as redis:
            redis.flushall()

    def crash_postgres(self) -> None:
        self.instance.restart_postgres("immediate")

    def _wait(self, most_seconds: float) -> None:
        time.sleep(self.draw.uniform(0.1, most_seconds))


@pytest.mark.long
def test_nothing_is_lost_doubled_or_reordered_whatever_dies(
    instance: Instance, driver: Driver
) -> None:
    seed = int(os.environ.get("CHAOS_SEED", random.randrange(10**6)))
    nemesis = Nemesis(instance, seed)
    until = time.monotonic() + SECONDS

    try:
        with driver.running():
            while time.monotonic() < until:
                time.sleep(nemesis.draw.uniform(0.2, 2))
                nemesis.strike()
        await_drained(instance, 180)
        assert check(instance, driver.sent, driver.cohorts) >= len(driver.acknowledged) > 0
        instance.manage("check_membership")
    except BaseException as error:
        error.add_note(f"CHAOS_SEED={seed}, faults so far: {dict(nemesis.faults)}")
        raise
