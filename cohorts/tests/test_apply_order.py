"""Requests are applied once, in order, and as if each were alone, however they are batched."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cohorts.applying import apply, runner
from cohorts.models import CohortCursor, Upload
from cohorts.tests.factories import (
    accept,
    adds,
    alias,
    apply_all,
    make_cohort,
    make_users,
    members_of,
    outcome_of,
    removes,
    waiting_id,
)
from profiles.models import Identifier
from tests.factories import make_workspace


@pytest.fixture
def acme(db):
    return make_workspace("acme")


@pytest.fixture
def spring(acme):
    return make_cohort(acme, "spring")


def apply_together(cohort, most_ids=10**6):
    return apply.apply_batch(cohort.workspace_id, cohort.pk, most_ids=most_ids)


def outcomes(cohort):
    sequences = Upload.objects.filter(cohort=cohort).order_by("sequence")
    return [outcome_of(cohort, upload.sequence) for upload in sequences]


def test_the_last_word_wins_across_requests(acme, spring):
    users = make_users(acme, ["ana", "bob"])
    for objects in ([adds("ana", "bob")], [removes("ana")], [adds("ana")], [removes("bob")]):
        accept(spring, *objects)

    apply_together(spring)

    assert outcomes(spring) == [{"added": 2}, {"removed": 1}, {"added": 1}, {"removed": 1}]
    assert members_of(spring) == {users["ana"]}


def test_an_id_that_a_later_request_lets_wait_is_still_unknown_before(acme, spring):
    for objects in ([removes("new")], [adds("new")], [removes("new")], [adds("new")]):
        accept(spring, *objects)

    apply_together(spring)

    assert outcomes(spring) == [{"unknown": 1}, {"waiting": 1}, {"removed": 1}, {"waiting": 1}]
    assert members_of(spring) == {waiting_id(acme, "new")}


def test_that_holds_for_every_kind_and_for_each_id_by_itself(acme, spring):
    both = {"aliases": [alias("a", "x"), alias("b", "x")], "device_ids": ["x", "y"]}
    accept(spring, {**both, "should_remove": True})
    accept(spring, {"aliases": alias("a", "x"), "device_ids": ["y"]})
    accept(spring, {**both, "should_remove": True})

    apply_together(spring)

    assert outcomes(spring) == [{"unknown": 4}, {"waiting": 2}, {"removed": 2, "unknown": 2}]


def test_an_id_removed_and_added_in_one_request_waits_from_its_beginning(acme, spring):
    accept(spring, removes("new"))
    accept(spring, removes("new"), adds("new"), removes("new"))
    accept(spring, removes("new"))

    apply_together(spring)

    assert outcomes(spring) == [{"unknown": 1}, {"not_in": 1, "repeated": 2}, {"not_in": 1}]


def test_the_waiting_room_fills_in_the_order_of_the_requests(acme, spring):
    acme.waiting_cap = 2
    acme.save()
    for objects in ([adds("z")], [adds("y", "x")], [adds("w", "z")]):
        accept(spring, *objects)

    apply_together(spring)

    assert outcomes(spring) == [
        {"waiting": 1},
        {"waiting": 1, "unknown": 1},
        {"unknown": 1, "already_in": 1},
    ]
    assert set(Identifier.objects.values_list("value", flat=True)) == {"z", "y"}


def test_the_waiting_room_fills_in_that_order_whatever_the_kinds_of_ids(acme, spring):
    acme.waiting_cap = 3
    acme.save()
    accept(spring, {"aliases": alias("crm", "7")})
    accept(spring, {"device_ids": ["phone"]}, adds("ana", "bob"))
    accept(spring, adds("cleo"))

    apply_together(spring)

    assert outcomes(spring) == [{"waiting": 1}, {"waiting": 2, "unknown": 1}, {"unknown": 1}]
    assert set(Identifier.objects.values_list("value", flat=True)) == {"7", "phone", "ana"}


def test_applying_again_changes_nothing(acme, spring):
    make_users(acme, ["ana"])
    accept(spring, adds("ana", "new"))
    apply_together(spring)
    before = list(Upload.objects.values()), list(CohortCursor.objects.values()), members_of(spring)

    for _ in range(20):
        assert apply_together(spring).requests == 0
        assert runner.run(spring.pk) is False

    after = list(Upload.objects.values()), list(CohortCursor.objects.values()), members_of(spring)
    assert after == before


def test_a_batch_takes_whole_requests_and_at_least_one(spring):
    for number in range(5):
        accept(spring, adds(*[f"{number} {each}" for each in range(10)]))

    taken = [apply_together(spring, most_ids).ids for most_ids in (1, 10, 29, 1_000)]

    assert taken == [10, 10, 20, 10]


def test_the_cursor_tells_how_many_ids_are_applied(acme, spring):
    accept(spring, adds("ana", "bob"))
    accept(spring, adds("ana"))
    apply_all()

    cursor = CohortCursor.objects.get()
    assert (cursor.sequence, cursor.ids_applied, cursor.attempts) == (2, 3, 0)
    assert cursor.last_applied_at is not None


def test_the_longest_neglected_cohort_comes_first(acme, spring):
    summer, autumn = make_cohort(acme, "summer"), make_cohort(acme, "autumn")
    for cohort in (summer, spring):
        accept(cohort, adds("ana"))
        apply_all()
    for cohort in (spring, summer, autumn):
        accept(cohort, adds("bob"))

    assert list(runner.pending_cohorts()) == [autumn.pk, summer.pk, spring.pk]


def queries_of_apply(cohort):
    with CaptureQueriesContext(connection) as queries:
        apply_together(cohort)
    return len(queries)


@pytest.mark.parametrize(("change", "number"), [(removes, 14), (adds, 15)])
def test_queries_grow_with_batches_and_not_with_ids_or_requests(acme, spring, change, number):
    make_users(acme, [f"user {number}" for number in range(400)])
    accept(spring, change("user 0"))
    few = queries_of_apply(spring)
    for start in range(0, 400, 10):
        accept(spring, change(*[f"user {start + each}" for each in range(10)]))

    many = queries_of_apply(spring)

    # Savepoint, identity lock, work_mem, claim, the requests, deletions since, resolving
    # between two settings, the blocks read and written, outcomes, cursor, how many of the ids
    # added matched, release.
    assert few == many == number


def test_letting_ids_wait_takes_the_same_few_queries_for_one_as_for_many(acme, spring):
    accept(spring, adds("one"))
    few = queries_of_apply(spring)
    for number in range(40):
        accept(spring, adds(*[f"new {number * 10 + each}" for each in range(10)]))

    many = queries_of_apply(spring)

    # Besides: which are unknown, room (two), reserving, its count, resolving once more (three).
    assert few == many == 23
