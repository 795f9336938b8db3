from datetime import timedelta

import pytest

from common import durations


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("30m", timedelta(minutes=30)),
        ("12h", timedelta(hours=12)),
        ("90d", timedelta(days=90)),
        (" 4w ", timedelta(weeks=4)),
        ("3650d", timedelta(days=3650)),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text, duration):
    assert durations.parse(text) == duration


@pytest.mark.parametrize(
    "text", ["", "90", "d", "0d", "-1d", "1.5d", "90 d", "90D", "٣d", "3651d", "999999999w", "1y"]
)
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError, match="as in 90d"):
        durations.parse(text)
