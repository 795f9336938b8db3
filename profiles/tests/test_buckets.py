from collections import Counter

from profiles.buckets import BUCKETS, random_bucket


def test_a_bucket_stays_what_it_is():
    """Written down: splits that somebody made once must stay as they are."""
    assert [random_bucket(profile_id) for profile_id in (0, 1, 2, 3, 65_536, 2**63 - 1)] == [
        7535,
        2465,
        8110,
        9053,
        8979,
        2039,
    ]


def test_ids_in_a_row_fall_into_all_buckets_evenly():
    per_bucket = 60
    counts = Counter(map(random_bucket, range(1, BUCKETS * per_bucket + 1)))

    assert counts.keys() == set(range(BUCKETS))
    # Chi-squared with 9,999 degrees of freedom: five standard deviations around its mean.
    squares = sum((count - per_bucket) ** 2 / per_bucket for count in counts.values())
    assert abs(squares - 9_999) < 5 * (2 * 9_999) ** 0.5


def test_ids_that_differ_in_one_high_bit_are_not_in_step():
    same = sum(random_bucket(number) == random_bucket(number + 2**40) for number in range(20_000))

    assert same < 20
