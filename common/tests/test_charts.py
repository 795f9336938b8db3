from datetime import UTC, date, datetime, timedelta

import pytest

from common.charts import labels

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (timedelta(minutes=5), ["noon", "12:05 p.m."]),
        (timedelta(hours=30), ["November 24", "November 25"]),
    ],
)
def test_two_moments_are_told_by_what_tells_them_apart(step, expected):
    assert labels([NOON, NOON + step]) == expected


def test_hours_of_several_days_are_told_with_their_day():
    hours = [NOON + timedelta(hours=hour) for hour in range(49)]

    assert labels(hours)[:25:24] == ["November 24, noon", "November 25, noon"]


def test_days_are_told_without_a_time():
    assert labels([date(2026, 11, 24)]) == ["November 24"]
