import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyroaring import BitMap64

from cohorts import blocks, members, patches
from cohorts.models import Block, Cohort
from common import bitmaps
from common.bitmaps import BLOCK_SIZE
from profiles import memberships
from tests.factories import make_partner, make_workspace

FAR = 5 << 16  # the first profile id of another block


@pytest.fixture
def acme(db):
    return make_workspace("acme")


@pytest.fixture
def globex(db):
    return make_workspace("globex")


def cohort_of(workspace, *profile_ids):
    partner = make_partner()
    name = f"cohort {Cohort.objects.count()}"
    cohort = Cohort.objects.create(workspace=workspace, partner=partner, external_id=name)
    held = BitMap64(profile_ids)
    blocks.store(cohort.pk, held, bitmaps.block_numbers(held))
    return cohort


def held_by(cohort):
    return list(bitmaps.join(blocks.of(cohort.pk)))


def test_a_membership_moves_to_the_other_id_even_into_another_block(acme):
    spring = cohort_of(acme, 1, 2)
    both = cohort_of(acme, 1, FAR)
    other = cohort_of(acme, 2)

    members.merge_bits(acme.pk, [(1, FAR)])

    assert held_by(spring) == [2, FAR]
    assert held_by(both) == [FAR]
    assert held_by(other) == [2]


def test_pairs_are_merged_one_after_another(acme):
    spring = cohort_of(acme, 1)

    members.merge_bits(acme.pk, [(1, 2), (2, 3), (4, 5)])

    assert held_by(spring) == [3]


def test_a_cleared_id_is_in_no_cohort_any_more(acme):
    spring = cohort_of(acme, 1, 2, FAR)
    summer = cohort_of(acme, FAR)

    members.clear_bits(acme.pk, [1, FAR, 99])

    assert held_by(spring) == [2]
    assert held_by(summer) == []


def test_the_bits_of_another_workspace_stay(acme, globex):
    theirs = cohort_of(globex, 1, 2)

    members.merge_bits(acme.pk, [(1, 3)])
    members.clear_bits(acme.pk, [2])

    assert held_by(theirs) == [1, 2]


def test_cohorts_take_part_when_users_merge(acme):
    spring = cohort_of(acme, 1, 2)

    memberships.merge_bits(acme.pk, [(1, 3)])
    memberships.clear_bits(acme.pk, [2])

    assert held_by(spring) == [3]


def test_moving_costs_as_many_queries_for_fifty_cohorts_as_for_one(acme, django_assert_num_queries):
    for _ in range(50):
        cohort_of(acme, 1, FAR)

    # The look and the patches are one.
    with django_assert_num_queries(1):
        members.merge_bits(acme.pk, [(1, 2), (FAR, 3)])
    # Of many ids: which cohorts there are, their blocks, and those written.
    with django_assert_num_queries(3):
        members.clear_bits(acme.pk, range(members.FEW + 1))


def test_a_merge_leaves_the_blocks_as_they_are_and_patches_them(acme):
    spring = cohort_of(acme, 1, 2)

    members.merge_bits(acme.pk, [(1, 3)])

    assert Block.objects.get(cohort=spring).members == BitMap64([1, 2])
    assert held_by(spring) == [2, 3]


def test_a_patch_that_grows_is_worked_into_its_block(acme):
    spring = cohort_of(acme, *range(1000))

    for profile_id in range(patches.MOST + patches.STAGGERED):
        members.clear_bits(acme.pk, [profile_id])

    block = Block.objects.get(cohort=spring)
    assert len(block.members) < 1000
    assert len(block.removed or ()) < patches.MOST + patches.STAGGERED
    assert held_by(spring) == list(range(patches.MOST + patches.STAGGERED, 1000))


def test_much_at_once_is_written_as_blocks(acme):
    spring = cohort_of(acme, *range(1000))

    members.merge_bits(acme.pk, [(number, FAR + number) for number in range(500)])

    assert not Block.objects.filter(added__isnull=False).exists()
    assert not Block.objects.filter(removed__isnull=False).exists()
    assert held_by(spring) == [*range(500, 1000), *range(FAR, FAR + 500)]


def test_applying_works_the_patch_into_the_block(acme):
    spring = cohort_of(acme, 1, 2)
    members.merge_bits(acme.pk, [(1, 3)])

    blocks.store(spring.pk, blocks.load(spring.pk, [0]) | BitMap64([7]), [0])

    block = Block.objects.get(cohort=spring)
    assert (block.members, block.added, block.removed) == (BitMap64([2, 3, 7]), None, None)


# How a block is written decides how a bit is looked up in it.
LISTED = set(range(0, 4096 * 16, 16))
FORMS = {
    "empty": set(),
    "a list": {3, 700, 65_535},
    "the longest list, as long as a plain bitmap": LISTED,
    "a plain bitmap": LISTED | set(range(1, 9000, 3)) | {65_535},
    "runs": set(range(20_000)) | set(range(50_000, 65_536)),
    "everybody": set(range(BLOCK_SIZE)),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("number", [0, 5])
def test_a_bit_is_found_in_whatever_form_a_block_has(acme, form, number):
    start = number * BLOCK_SIZE
    held = {start + position for position in FORMS[form]}
    cohort = cohort_of(acme, *held)
    asked = [start + position for position in (0, 1, 3, 16, 19_999, 50_000, 65_535)]

    members.clear_bits(acme.pk, asked)

    assert held_by(cohort) == sorted(held - set(asked))


# Ids that no cohort holds, enough that others beside them are moved by whole blocks.
NOBODY = range(9 * BLOCK_SIZE, 9 * BLOCK_SIZE + members.FEW + 1)


@st.composite
def identity_changes(draw):
    """Merges, deletions and applies of ids in two blocks, few at a time or among many."""
    alive = [*range(6), *range(BLOCK_SIZE, BLOCK_SIZE + 4)]
    steps = []
    while len(alive) > 4 and len(steps) < 8:
        pairs = []
        for _ in range(draw(st.integers(0, 3))):
            source, target = draw(st.permutations(alive))[:2]
            pairs.append((source, target))
            alive.remove(source)
        gone = draw(st.sets(st.sampled_from(alive), max_size=1))
        alive = [profile_id for profile_id in alive if profile_id not in gone]
        added, removed = (draw(st.sets(st.sampled_from(alive), max_size=2)) for _ in range(2))
        steps.append((pairs, gone, added, removed, draw(st.booleans())))
    return steps


@given(
    first=st.sets(st.sampled_from(range(6))),
    others=st.sampled_from([set(), LISTED, FORMS["a plain bitmap"]]),
    steps=identity_changes(),
)
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_patched_cohort_holds_what_a_plain_set_would(acme, first, others, steps):
    Block.objects.all().delete()
    expected = first | others - set(range(6))
    cohort = cohort_of(acme, *expected)

    for pairs, gone, added, removed, among_many in steps:
        nobody = NOBODY if among_many else ()
        members.merge_bits(acme.pk, [*pairs, *((number, number + 1000) for number in nobody)])
        for source, target in pairs:
            if source in expected:
                expected = expected - {source} | {target}
        members.clear_bits(acme.pk, [*gone, *nobody])
        expected = expected - gone - removed | added
        if added or removed:
            applied = blocks.load(cohort.pk, [0, 1]) - BitMap64(removed) | BitMap64(added)
            blocks.store(cohort.pk, applied, bitmaps.block_numbers(BitMap64(added | removed)))

        assert held_by(cohort) == sorted(expected)
