"""Times in words: how long ago, how far off."""

from datetime import UTC, datetime, timedelta

import pytest

from common.ages import age, when

NOW = datetime(2026, 5, 4, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (timedelta(), "just now"),
        (timedelta(seconds=-59), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=-1), "1 minute ago"),
        (timedelta(hours=-2, minutes=-59), "2 hours ago"),
        (timedelta(days=-400), "1 year ago"),
        (timedelta(minutes=90), "in 1 hour"),
        (timedelta(days=3), "in 3 days"),
    ],
)
def test_a_moment_is_told_by_its_distance_in_the_largest_unit(distance, words):
    assert age(NOW + distance, now=NOW).replace("\xa0", " ") == words


def test_a_column_has_the_exact_time_on_hover():
    shown = when(NOW)

    assert 'datetime="2026-05-04T10:00:00+00:00"' in shown
    assert 'title="May 4, 2026, 10 a.m. UTC"' in shown


def test_what_never_happened_is_a_dash():
    assert when(None) == "-"
    assert when(None, never="never") == "never"
