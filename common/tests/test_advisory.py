"""Advisory locks, over real connections side by side."""

import pytest
from django.db import connection, transaction

from common.advisory import Namespace, claim, claimed, hold, try_hold
from profiles.tests.connections import aside

pytestmark = pytest.mark.django_db(transaction=True)

NAMESPACES = list(Namespace)


def is_free(namespace, key=7):
    with transaction.atomic():
        return try_hold(namespace, key)


def seen_aside(namespace, key=7):
    with aside(lambda: is_free(namespace, key)) as (free,):
        pass
    return free.result()


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_a_claim_keeps_others_from_its_own_lock_and_from_no_other(namespace):
    with claim(namespace, 7) as mine:
        free = {each: seen_aside(each) for each in NAMESPACES}
        another = seen_aside(namespace, 8)

    assert mine
    assert [each for each in NAMESPACES if not free[each]] == [namespace]
    assert another
    assert seen_aside(namespace)


def test_a_claim_of_what_is_claimed_is_not_ours_and_leaves_the_other_s_alone():
    def try_to_claim():
        with claim(Namespace.JOBS, 7) as mine:
            return mine

    with claim(Namespace.JOBS, 7):
        with aside(try_to_claim) as (mine,):
            pass
        assert not mine.result()
        assert not seen_aside(Namespace.JOBS)


def test_a_claim_inside_another_leaves_the_outer_one_guarded_against_a_frozen_holder():
    def idle():
        with connection.cursor() as cursor:
            cursor.execute("SHOW idle_session_timeout")
            return cursor.fetchone()[0]

    before = idle()
    with claim(Namespace.SENDING, 0):
        with claim(Namespace.BATCHES, 7):
            pass
        assert idle() == "1min"
    assert idle() == before


def test_claims_are_counted_over_all_sessions():
    with claim(Namespace.SENDING, 0):
        with aside(lambda: claimed(Namespace.SENDING)) as (counted,):
            pass

        assert counted.result() == 1
    assert claimed(Namespace.SENDING) == 0


def test_a_lock_that_is_held_ends_with_its_transaction():
    with transaction.atomic():
        hold(Namespace.SEGMENTS, 7)
        assert not seen_aside(Namespace.SEGMENTS)

    assert seen_aside(Namespace.SEGMENTS)


def test_a_shared_lock_keeps_out_only_whoever_wants_it_alone():
    def share():
        with transaction.atomic():
            hold(Namespace.IDENTITIES, 7, shared=True)
            return True

    with transaction.atomic():
        hold(Namespace.IDENTITIES, 7, shared=True)
        assert not seen_aside(Namespace.IDENTITIES)
        with aside(share) as (shared,):
            pass
        assert shared.result()


def test_a_lock_for_a_transaction_is_refused_outside_of_one():
    with pytest.raises(RuntimeError):
        hold(Namespace.IDENTITIES, 7)
    with pytest.raises(RuntimeError):
        try_hold(Namespace.FOLDING, 7)
