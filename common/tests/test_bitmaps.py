from hypothesis import example, given
from hypothesis import strategies as st
from pyroaring import BitMap64

from common import bitmaps
from common.bitmaps import BLOCK_SIZE

# Block edges and ids beyond 32 bits are where cutting could go wrong.
edges = st.builds(
    lambda block, offset: max(1, block * BLOCK_SIZE + offset),
    st.sampled_from([0, 1, 2, 5, 65_535, 65_536, 65_537, 1 << 30, (1 << 47) - 2]),
    st.integers(-2, 2),
)
ids = st.sets(edges | st.integers(1, 1 << 33) | st.integers(1, (1 << 63) - 1), max_size=60)


@given(ids)
@example({1 << 32, (1 << 32) - 1, (1 << 32) + BLOCK_SIZE, (1 << 63) - 1})
def test_joining_what_was_split_gives_the_ids_back(whole):
    blocks = bitmaps.split(BitMap64(whole))

    assert set(bitmaps.join(blocks)) == whole
    assert set(bitmaps.join(list(blocks.items()))) == whole
    assert all(
        0 <= position < BLOCK_SIZE for positions in blocks.values() for position in positions
    )


@given(ids)
def test_block_numbers_are_those_of_the_ids_in_order(whole):
    numbers = bitmaps.block_numbers(BitMap64(whole))

    assert numbers == sorted({bitmaps.block_number(profile_id) for profile_id in whole})


@given(ids, edges)
def test_a_cut_holds_the_positions_of_one_block(whole, somewhere):
    number = bitmaps.block_number(somewhere)

    positions = bitmaps.cut(BitMap64(whole), number)

    expected = {each - number * BLOCK_SIZE for each in whole if each // BLOCK_SIZE == number}
    assert set(positions) == expected


@given(ids)
def test_cutting_leaves_the_members_alone(whole):
    members = BitMap64(whole)

    bitmaps.split(members)

    assert set(members) == whole


def test_nothing_is_in_no_block():
    assert bitmaps.block_numbers(BitMap64()) == []
    assert bitmaps.split(BitMap64()) == {}
    assert bitmaps.join({}) == bitmaps.join([]) == BitMap64()


def test_a_full_block_takes_next_to_no_room():
    full = bitmaps.cut(BitMap64(range(3 * BLOCK_SIZE, 4 * BLOCK_SIZE)), 3)
    full.run_optimize()

    assert len(full) == BLOCK_SIZE
    assert len(full.serialize()) < 64
