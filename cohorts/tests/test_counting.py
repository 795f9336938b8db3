"""Sizes over time: once a day, and after each sync that changed one."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from cohorts import counting, retention
from cohorts.models import CohortCount, CohortHead, CohortSize
from cohorts.tests.factories import (
    accept,
    adds,
    apply_all,
    make_cohort,
    make_users,
    moment,
    removes,
)
from tests.factories import make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def spring():
    workspace = make_workspace()
    make_users(workspace, ["ann", "bob", "cid"])
    return make_cohort(workspace)


def upload(cohort, *objects):
    accept(cohort, *objects)
    apply_all()


def let_pass(minutes):
    """Everything that happened so far was that much earlier."""
    earlier = f"interval '{minutes} minutes'"
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE cohorts_cohorthead SET last_received_at = last_received_at - {earlier}"
        )
        cursor.execute(
            f"UPDATE cohorts_cohortcursor SET last_applied_at = last_applied_at - {earlier}"
        )
        cursor.execute(f"UPDATE cohorts_cohortcount SET counted_at = counted_at - {earlier}")
        cursor.execute(f"UPDATE cohorts_cohortsize SET at = at - {earlier}")


def steps(cohort):
    recorded = CohortSize.objects.filter(cohort=cohort).order_by("at")
    return list(recorded.values_list("size", "waiting"))


def test_a_sync_that_is_over_leaves_one_step_however_many_requests_it_had(spring):
    counting.count_due()
    let_pass(minutes=3)
    upload(spring, adds("ann"))
    counting.count_due()
    upload(spring, adds("bob", "nobody"))
    counting.count_due()
    assert steps(spring) == [(0, 0)]
    assert CohortCount.objects.get().size == 2  # sorted by what it is just now

    let_pass(minutes=2)
    counting.count_due()
    counting.count_due()

    assert steps(spring) == [(0, 0), (2, 1)]
    assert counting.count_due() == 0


def test_a_sync_that_changed_nothing_leaves_no_step(spring):
    upload(spring, adds("ann"))
    let_pass(minutes=2)
    counting.count_due()

    upload(spring, adds("ann"), removes("zoe"))
    let_pass(minutes=2)
    counting.count_due()

    assert steps(spring) == [(1, 0)]


def test_a_day_leaves_a_step_although_nothing_happened(spring):
    upload(spring, adds("ann"))
    let_pass(minutes=2)
    counting.count_due()
    let_pass(minutes=24 * 60)

    counting.count_due()

    assert steps(spring) == [(1, 0), (1, 0)]


def test_users_who_appear_are_counted_within_the_hour(spring):
    upload(spring, adds("ann", "dan"))
    let_pass(minutes=2)
    counting.count_due()
    make_users(spring.workspace, ["eve"])  # somebody else
    assert counting.count_due() == 0

    let_pass(minutes=61)

    assert counting.count_due() == 1


def test_what_is_accepted_and_not_applied_keeps_a_sync_open(spring):
    counting.count_due()
    upload(spring, adds("ann"))
    accept(spring, adds("bob"))
    let_pass(minutes=2)

    counting.count_due()
    assert steps(spring) == [(0, 0)]

    apply_all()
    counting.count_due()
    assert steps(spring) == [(0, 0), (2, 0)]


def test_steps_are_thinned_to_the_last_of_a_day_and_end(spring):
    now = timezone.now().replace(hour=20)
    for days, hour, size in (
        (1, 8, 1),
        (1, 9, 2),
        (40, 8, 3),
        (40, 9, 4),
        (41, 9, 5),
        (800, 9, 6),
    ):
        at = (now - timedelta(days=days)).replace(hour=hour)
        CohortSize.objects.create(cohort=spring, at=at, size=size, waiting=0)

    retention.tidy()

    assert [size for size, _waiting in steps(spring)] == [5, 4, 1, 2]


def test_counting_takes_as_many_queries_for_many_cohorts_as_for_one(
    spring, django_assert_num_queries
):
    for number in range(20):
        make_cohort(spring.workspace, f"cohort {number}")
    CohortHead.objects.update(last_received_at=moment("2026-05-04T10:00:00Z"))

    # Which are due; known, blocks and states of one moment; the counts, the steps between
    # a savepoint and its end.
    with django_assert_num_queries(8):
        assert counting.count_due() == 21
