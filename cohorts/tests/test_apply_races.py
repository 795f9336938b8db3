"""Applies side by side, and beside those who create users: real transactions in threads."""

import threading

import pytest
from django.db import transaction

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
from profiles import known, waiting
from profiles.locks import share_identities
from profiles.models import Identifier, IdentifierKind, IdentifierState, Profile
from profiles.tests.connections import aside, at_once, await_blocked, held
from tests.factories import make_workspace

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def acme(transactional_db):
    return make_workspace("acme")


def applied_while(acme, cohort, meanwhile):
    """Apply while another transaction, which did `meanwhile`, is only about to commit."""

    def hold():
        share_identities(acme.pk)
        meanwhile()

    def run():
        return apply.apply_batch(acme.pk, cohort.pk, most_ids=10**6)

    with held(hold) as commit, aside(run):
        await_blocked()
        commit()


def test_an_id_that_another_cohort_just_let_wait_is_not_lost(acme):
    spring = make_cohort(acme)
    accept(spring, adds("new"))

    applied_while(
        acme,
        spring,
        lambda: waiting.reserve(acme.pk, IdentifierKind.EXTERNAL_ID, [("", "new")]),
    )

    assert outcome_of(spring, 1) == {"waiting": 1}
    assert members_of(spring) == {waiting_id(acme, "new")}


def test_a_user_who_appears_at_that_moment_is_not_lost(acme):
    spring = make_cohort(acme)
    accept(spring, {"aliases": alias("crm", "7")})
    created = []

    def appear():
        profile = Profile.objects.create(workspace=acme)
        Identifier.objects.create(
            workspace=acme,
            kind=IdentifierKind.ALIAS,
            label="crm",
            value="7",
            profile_id=profile.pk,
            state=IdentifierState.LIVE,
        )
        known.append(acme.pk, added=[profile.pk])
        created.append(profile.pk)

    applied_while(acme, spring, appear)

    assert outcome_of(spring, 1) == {"added": 1}
    assert members_of(spring) == set(created)


def test_cohorts_that_let_the_same_ids_wait_at_once_agree_on_them(acme):
    cohorts = [make_cohort(acme, f"cohort {number}") for number in range(4)]

    # Several rounds, for what goes wrong does so between two statements of an apply.
    for round_of_ids in range(15):
        names = [f"new {round_of_ids} {number}" for number in range(20)]
        for place, cohort in enumerate(cohorts):
            accept(cohort, adds(*(reversed(names) if place % 2 else names)))
        at_once(*[lambda cohort=cohort: runner.run(cohort.pk) for cohort in cohorts])

    reserved = set(Identifier.objects.values_list("profile_id", flat=True))
    assert len(reserved) == waiting.count(acme.pk) == 15 * 20
    for cohort in cohorts:
        assert members_of(cohort) == reserved


def test_twenty_deliveries_at_once_apply_each_request_once(acme):
    spring = make_cohort(acme)
    users = make_users(acme, ["ana", "bob"])
    for number in range(30):
        accept(spring, adds("ana", f"new {number}") if number % 2 else removes("ana"), adds("bob"))

    at_once(*[lambda: runner.run(spring.pk)] * 20)
    apply_all()

    outcomes = [outcome_of(spring, sequence) for sequence in range(1, 31)]
    assert outcomes[0] == {"not_in": 1, "added": 1}
    assert outcomes[1:3] == [
        {"added": 1, "waiting": 1, "already_in": 1},
        {"removed": 1, "already_in": 1},
    ]
    assert outcomes[29] == outcomes[1]
    cursor = CohortCursor.objects.get()
    assert (cursor.sequence, cursor.ids_applied) == (30, 75)
    assert cursor.parked_at is None
    assert set(users.values()) <= members_of(spring)


def test_whoever_comes_second_to_a_cohort_leaves_at_once(acme):
    spring = make_cohort(acme)
    accept(spring, adds("ana"))

    with transaction.atomic():
        CohortCursor.objects.select_for_update().get(pk=spring.pk)
        apply_one = lambda: apply.apply_batch(acme.pk, spring.pk, most_ids=1)  # noqa: E731
        assert at_once(apply_one, lambda: runner.run(spring.pk)) == [None, False]

    assert Upload.objects.get().applied_at is None
    apply_all()
    assert Upload.objects.get().applied_at is not None


def test_requests_that_arrive_while_others_are_applied_keep_their_order(acme):
    spring = make_cohort(acme)
    make_users(acme, ["ana"])
    stop = threading.Event()

    def keep_applying():
        while not stop.is_set():
            runner.run(spring.pk)

    def upload():
        try:
            for number in range(60):
                accept(spring, removes("ana") if number % 2 else adds("ana"))
        finally:
            stop.set()

    with aside(keep_applying, keep_applying, upload):
        pass
    apply_all()

    outcomes = [outcome_of(spring, sequence) for sequence in range(1, 61)]
    assert outcomes == [{"added": 1}, {"removed": 1}] * 30
    assert members_of(spring) == set()
