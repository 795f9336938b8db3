"""Kill, freeze, empty and crash the parts while a partner uploads; then check every row."""

import signal
import time

from config.local.instance import Instance
from tests.chaos.checker import check
from tests.chaos.driver import Driver
from tests.chaos.workspace import APPLIED, await_drained, await_next_apply, count

RECOVERY_SECONDS = 5


def account_for(instance: Instance, driver: Driver) -> None:
    """Every request is applied once and in order, and memberships are whole."""
    await_drained(instance)
    assert check(instance, driver.sent, driver.cohorts) >= len(driver.acknowledged) > 0
    instance.manage("check_membership")


def test_a_worker_killed_in_the_middle_loses_doubles_and_reorders_nothing(
    instance: Instance, driver: Driver
) -> None:
    with driver.running():
        for _ in range(5):
            driver.await_acknowledged(100)
            instance.kill("worker", signal.SIGKILL, group=True)

    account_for(instance, driver)


def test_the_first_apply_comes_within_five_seconds_of_a_worker_being_alive(
    instance: Instance, driver: Driver
) -> None:
    with driver.running():
        driver.await_acknowledged(50)
        instance.stop("worker")
        driver.await_acknowledged(100)

        instance.start("worker")

        assert await_next_apply(instance, RECOVERY_SECONDS) < RECOVERY_SECONDS
    account_for(instance, driver)


def test_accept_keeps_answering_while_redis_is_stopped(instance: Instance, driver: Driver) -> None:
    with driver.running():
        driver.await_acknowledged(50)
        instance.stop("redis")
        driver.await_acknowledged(300)
        instance.start("redis")

    assert len(driver.acknowledged) == len(driver.sent)
    account_for(instance, driver)


def test_accept_keeps_answering_while_redis_is_frozen(instance: Instance, driver: Driver) -> None:
    with driver.running():
        driver.await_acknowledged(50)
        instance.freeze("redis")
        driver.await_acknowledged(300)
        time.sleep(3)  # longer than the sockets of worker and scheduler wait
        instance.thaw("redis")

    assert len(driver.acknowledged) == len(driver.sent)
    account_for(instance, driver)


def test_an_emptied_redis_costs_nothing_but_delay(instance: Instance, driver: Driver) -> None:
    assert instance.redis
    with driver.running(), instance.redis.client() as redis:
        for _ in range(10):
            driver.await_acknowledged(40)
            redis.flushall()

    account_for(instance, driver)


def test_a_task_delivered_twenty_times_applies_once(instance: Instance, driver: Driver) -> None:
    with driver.running():
        for _ in range(5):
            driver.await_acknowledged(50)
            deliver_twenty_times(instance)

    account_for(instance, driver)


def test_a_crashed_postgresql_keeps_what_was_acknowledged(
    instance: Instance, driver: Driver
) -> None:
    with driver.running():
        for _ in range(3):
            driver.await_acknowledged(100)
            instance.restart_postgres("immediate")

    assert {request.status for request in driver.sent} <= {None, 201, 503}
    account_for(instance, driver)


def test_a_web_process_killed_in_the_middle_stores_all_of_a_request_or_nothing(
    instance: Instance, driver: Driver
) -> None:
    with driver.running():
        for _ in range(3):
            driver.await_acknowledged(100)
            instance.kill("web", signal.SIGKILL, group=True)
            instance.await_ready("web")

    account_for(instance, driver)


def test_a_worker_that_was_frozen_wakes_up_to_work_done_by_another(
    instance: Instance, driver: Driver
) -> None:
    with driver.running():
        driver.await_acknowledged(50)
        instance.freeze("worker")
        driver.await_acknowledged(100)
        before = count(instance, APPLIED)
        instance.thaw("worker")
        await_next_apply(instance, 30)

    assert count(instance, APPLIED) > before
    account_for(instance, driver)


def deliver_twenty_times(instance: Instance) -> None:
    """Enqueue an apply of every cohort twenty times over, as a faulty broker might."""
    instance.manage(
        "shell",
        "--verbosity",
        "0",
        "-c",
        "from cohorts.models import Cohort\n"
        "from cohorts.tasks import apply_cohort\n"
        "for cohort in Cohort.objects.all():\n"
        "    for _ in range(20):\n"
        "        apply_cohort.delay(cohort.pk)\n",
    )
