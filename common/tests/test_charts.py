import json
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import translation
from django.utils.formats import number_format

from common.charts import Chart, Series, labels

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


@pytest.mark.parametrize(("language", "group"), [("en", ","), ("es", "\xa0")])
def test_figures_are_written_as_on_the_page_around_the_chart(language, group):
    with translation.override(language):
        chart = Chart("line", "", ["now"], [Series("Size", "good", [50_000])])
        assert json.loads(str(chart))["separators"]["group"] == group
        assert number_format(50_000) == f"50{group}000"
