from datetime import UTC, datetime

import pytest

from common.times import moment


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2013-07-16T19:20:30+01:00", datetime(2013, 7, 16, 18, 20, 30, tzinfo=UTC)),
        (" 2013-07-16 19:20:30 ", datetime(2013, 7, 16, 19, 20, 30, tzinfo=UTC)),
        ("2013-07-16", datetime(2013, 7, 16, tzinfo=UTC)),
        ("2013-07-16T19:20:30:250Z", datetime(2013, 7, 16, 19, 20, 30, 250_000, tzinfo=UTC)),
        ("2013-07-16T19:20:30:250-0100", datetime(2013, 7, 16, 20, 20, 30, 250_000, tzinfo=UTC)),
    ],
)
def test_a_moment_is_in_utc_whatever_its_form(text, expected):
    assert moment(text) == expected
    assert moment(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "1700000000.5",
        "2013-02-30",
        "2013-07-16T19:20:30Z\0",
        "0001-01-01T00:00:00+01:00",
    ],
)
def test_what_is_no_moment_is_a_value_error(text):
    with pytest.raises(ValueError):  # noqa: PT011  # whichever parser finds it
        moment(text)
