import pytest
from django.db import transaction
from pyroaring import BitMap64

from common.bitmaps import join
from profiles import known, tasks, waiting
from profiles.locks import try_fold_lock
from profiles.models import KnownBlock, KnownChange, WaitingChange
from profiles.tests.connections import aside, at_once
from tests.factories import make_workspace

FAR = 5 << 16  # the first profile id of another block


@pytest.fixture
def acme(db):
    return make_workspace("acme")


def known_ids(workspace):
    return list(join(known.read_known(workspace.pk)))


def test_nobody_is_known_in_a_new_workspace(acme):
    assert known.read_known(acme.pk) == {}


def test_a_change_counts_before_it_is_folded_and_after(acme):
    known.append(acme.pk, added=[1, 2, FAR])
    known.append(acme.pk, removed=[2])

    assert known_ids(acme) == [1, FAR]
    assert known.fold(acme.pk) == 4
    assert known_ids(acme) == [1, FAR]
    assert not KnownChange.objects.exists()


def test_a_removal_counts_whether_or_not_its_addition_was_folded(acme):
    known.append(acme.pk, added=[1, 2])
    known.fold(acme.pk)
    known.append(acme.pk, removed=[1])

    assert known_ids(acme) == [2]
    known.fold(acme.pk)
    assert known_ids(acme) == [2]


def test_folding_little_by_little_ends_in_the_same_set(acme):
    known.append(acme.pk, added=range(10))
    known.append(acme.pk, removed=range(0, 10, 2))

    while known.fold(acme.pk, limit=3):
        assert known_ids(acme) == [1, 3, 5, 7, 9]


def test_a_bulk_import_writes_blocks_beside_what_is_there(acme):
    known.append(acme.pk, added=[1])
    known.fold(acme.pk)

    known.write_blocks(acme.pk, BitMap64([2, FAR]))

    assert known_ids(acme) == [1, 2, FAR]
    assert KnownBlock.objects.count() == 2


def test_workspaces_know_their_own_users_only(acme):
    globex = make_workspace("globex")
    known.append(acme.pk, added=[1])
    known.append(globex.pk, added=[2])

    assert known.fold_all() == 2
    assert known_ids(acme) == [1]
    assert known_ids(globex) == [2]


def test_reading_and_appending_are_one_statement_each(acme, django_assert_num_queries):
    with django_assert_num_queries(1):
        known.append(acme.pk, added=range(1000))
    with django_assert_num_queries(1):
        known.read_known(acme.pk)
    # Savepoint, claim, take the changes; make, lock and write the blocks; release.
    with django_assert_num_queries(7):
        known.fold(acme.pk)


def test_the_task_folds_the_changes_of_the_waiting_room_into_one(acme):
    for change in (5, -2, 4):
        waiting.record(acme.pk, change)

    tasks.fold_known()

    assert waiting.count(acme.pk) == 7
    assert WaitingChange.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_fold_leaves_while_another_is_at_it():
    acme = make_workspace("acme")
    known.append(acme.pk, added=[1])

    with transaction.atomic():
        assert try_fold_lock(acme.pk)
        with aside(lambda: known.fold(acme.pk)) as (folding,):
            assert folding.result(timeout=10) == 0
    assert known.fold(acme.pk) == 1


@pytest.mark.django_db(transaction=True)
def test_no_change_is_lost_while_users_come_and_folds_and_imports_run():
    acme = make_workspace("acme")

    def create(first):
        def work():
            for profile_id in range(first, first + 60):
                known.append(acme.pk, added=[profile_id])

        return work

    def fold():
        for _ in range(30):
            known.fold(acme.pk, limit=7)

    def bulk():
        for start in range(1000, 1200, 20):
            known.write_blocks(acme.pk, BitMap64(range(start, start + 20)))

    def read():
        sizes = [len(known_ids(acme)) for _ in range(40)]
        return sizes == sorted(sizes)

    *_, never_shrank = at_once(create(1), create(101), fold, fold, bulk, read)

    assert never_shrank
    expected = [*range(1, 61), *range(101, 161), *range(1000, 1200)]
    assert known_ids(acme) == expected
    known.fold_all()
    assert known_ids(acme) == expected
