"""When applying fails: careful attempts, parking, and what an operator does about it."""

import pytest
from django.db import OperationalError, connection

from cohorts.applying import attempts, runner
from cohorts.models import Cohort, CohortCursor, Upload
from cohorts.tests.factories import (
    accept,
    adds,
    apply_all,
    make_cohort,
    make_users,
    members_of,
    outcome_of,
    removes,
)
from tests.factories import make_workspace
from workspaces.models import AuditEntry


@pytest.fixture
def acme(db):
    return make_workspace("acme")


@pytest.fixture
def spring(acme):
    return make_cohort(acme, "spring")


def corrupt(sequence):
    """Runs that promise ids of a kind which the payload doesn't have."""
    Upload.objects.filter(sequence=sequence).update(runs=[2, 1, 6, 1])


def mend(sequence):
    Upload.objects.filter(sequence=sequence).update(runs=[2, 1])


def run(cohort, times=1):
    """Ring that often, as if each wait was over."""
    for _ in range(times):
        CohortCursor.objects.update(retry_at=None)
        runner.run(cohort.pk)


def cursor_of(cohort):
    return CohortCursor.objects.get(pk=cohort.pk)


def park_spring(spring):
    """The second of three requests can't be applied."""
    for user in ("ana", "bob", "cleo"):
        accept(spring, adds(user))
    corrupt(2)
    run(spring, 10)
    assert cursor_of(spring).parked_at


def test_a_request_that_raises_eight_times_parks_its_cohort(spring):
    accept(spring, adds("ana"))
    corrupt(1)

    run(spring, 7)
    assert (cursor_of(spring).failures, cursor_of(spring).parked_at) == (7, None)
    run(spring)

    assert cursor_of(spring).parked_at is not None
    assert list(runner.pending_cohorts()) == []


def test_after_a_failure_requests_are_taken_one_by_one_up_to_the_bad_one(acme, spring):
    users = make_users(acme, ["ana", "bob", "cleo", "dora"])
    for user in ("ana", "bob", "cleo", "dora"):
        accept(spring, adds(user))
    corrupt(3)

    run(spring)
    assert members_of(spring) == set()
    run(spring)

    assert members_of(spring) == {users["ana"], users["bob"]}
    assert cursor_of(spring).sequence == 2


def test_a_failed_attempt_leaves_nothing_behind(spring):
    accept(spring, adds("new"))
    accept(spring, adds("ana"))
    corrupt(2)

    run(spring)

    assert members_of(spring) == set()
    assert not spring.workspace.identifiers.exists()
    assert not Upload.objects.filter(applied_at__isnull=False).exists()


def test_the_wait_for_the_next_attempt_grows(spring):
    accept(spring, adds("ana"))
    corrupt(1)
    waits = []
    for _ in range(7):
        run(spring)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT extract(epoch FROM retry_at - clock_timestamp()) FROM cohorts_cohortcursor"
            )
            waits.append(float(cursor.fetchone()[0]))

    assert waits == sorted(waits)
    assert waits[0] < 0.5
    assert 50 < waits[-1] <= 60


def test_a_cohort_that_waits_is_not_attempted(spring):
    accept(spring, adds("ana"))
    corrupt(1)
    run(spring, 3)
    mend(1)

    assert list(runner.pending_cohorts()) == []
    assert runner.run(spring.pk) is False
    assert cursor_of(spring).sequence == 0


def test_only_the_kind_of_error_is_kept(spring):
    accept(spring, adds("a secret id"))
    corrupt(1)

    run(spring)

    assert cursor_of(spring).error == "KeyError"


def test_a_success_forgets_the_failures(spring):
    accept(spring, adds("ana"))
    corrupt(1)
    run(spring, 5)
    mend(1)

    run(spring)

    cursor = cursor_of(spring)
    assert (cursor.sequence, cursor.failures, cursor.attempts, cursor.error) == (1, 0, 0, "")


def test_accepting_goes_on_while_a_cohort_is_parked_and_others_flow(tinyclues):
    spring = make_cohort(tinyclues.workspace)
    park_spring(spring)

    assert tinyclues.add("dora").status_code == 201
    assert tinyclues.add("dora", cohort_id="summer").status_code == 201
    apply_all()

    assert Upload.objects.filter(cohort=spring).count() == 4
    assert cursor_of(spring).sequence == 1
    assert outcome_of(Cohort.objects.get(external_id="summer"), 1) == {"waiting": 1}


def test_retrying_takes_the_cohort_up_again_from_the_bad_request(acme, spring):
    park_spring(spring)
    mend(2)

    attempts.retry(spring, by="olga")
    apply_all()

    assert [outcome_of(spring, sequence) for sequence in (1, 2, 3)] == [{"waiting": 1}] * 3
    entry = AuditEntry.objects.get(action="cohort.retried")
    assert (entry.actor, entry.workspace, entry.object_id) == ("olga", acme, "spring")


def test_retrying_what_is_still_bad_parks_it_again_after_as_many_failures(spring):
    park_spring(spring)

    attempts.retry(spring, by="olga")
    run(spring, 7)
    assert cursor_of(spring).parked_at is None
    run(spring)

    assert cursor_of(spring).parked_at is not None


def test_skipping_gives_up_one_request_and_takes_up_the_rest(spring):
    park_spring(spring)

    assert attempts.skip(spring, by="olga") == 2
    apply_all()

    skipped = Upload.objects.get(sequence=2)
    assert (skipped.applied_at, skipped.external_ids, skipped.runs) == (None, None, None)
    assert skipped.skipped_at is not None
    assert outcome_of(spring, 3) == {"waiting": 1}
    assert (cursor_of(spring).sequence, cursor_of(spring).ids_applied) == (3, 3)
    entry = AuditEntry.objects.get(action="cohort.skipped")
    assert (entry.actor, entry.details) == ("olga", {"sequence": 2, "ids": 1})


def test_only_what_is_parked_can_be_skipped_or_retried(spring):
    accept(spring, adds("ana"))

    with pytest.raises(CohortCursor.DoesNotExist):
        attempts.skip(spring, by="olga")
    attempts.retry(spring, by="olga")
    apply_all()

    assert outcome_of(spring, 1) == {"waiting": 1}
    assert not AuditEntry.objects.filter(action__startswith="cohort.").exists()


def test_an_attempt_after_a_death_takes_one_request(spring):
    for number in range(3):
        accept(spring, adds(f"new {number}"))
    attempts.begin(spring.pk)  # and the process died

    assert attempts.begin(spring.pk).careful is True


def test_twenty_deaths_in_a_row_park_the_cohort(spring):
    accept(spring, adds("ana"))
    for _ in range(20):
        assert attempts.begin(spring.pk) is not None

    assert runner.run(spring.pk) is False

    cursor = cursor_of(spring)
    assert cursor.parked_at is not None
    assert "died 20 times" in cursor.error
    assert cursor.sequence == 0


def test_a_success_between_deaths_starts_the_count_anew(spring):
    for round_of_deaths in range(3):
        accept(spring, adds("ana"))
        for _ in range(15):
            attempts.begin(spring.pk)
        runner.run(spring.pk)
        assert cursor_of(spring).sequence == round_of_deaths + 1

    assert (cursor_of(spring).attempts, cursor_of(spring).parked_at) == (0, None)


@pytest.mark.django_db(transaction=True)
def test_an_interrupted_attempt_never_parks_and_the_next_is_careful(spring):
    for number in range(2):
        accept(spring, adds(f"new {number}"))

    for _ in range(30):
        attempt = attempts.begin(spring.pk)
        runner._account_for(spring.pk, OperationalError("the connection is closed"))

    assert attempt.careful is True
    assert (cursor_of(spring).failures, cursor_of(spring).parked_at) == (0, None)
    apply_all()
    assert (cursor_of(spring).sequence, cursor_of(spring).attempts) == (2, 0)


def test_finding_nothing_to_do_is_no_attempt(spring):
    accept(spring, removes("ana"))
    apply_all()

    for _ in range(30):
        runner.run(spring.pk)

    assert (cursor_of(spring).attempts, cursor_of(spring).parked_at) == (0, None)
