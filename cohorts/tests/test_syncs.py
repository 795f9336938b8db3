"""When a sync counts as over."""

from datetime import UTC, datetime, timedelta

import pytest

from cohorts import syncs

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def at(seconds):
    return NOON + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("received", "applied", "pending", "now", "ended"),
    [
        (0, 1, 0, 60, 1),  # applied after the last request came
        (0, 0, 0, 3600, 0),
        (0, 1, 0, 59, None),  # another request may follow
        (0, 90, 1, 120, None),  # something waits to be applied
        (0, 90, 0, 120, 90),
        (None, None, 0, 120, None),  # nothing came yet
        (0, None, 0, 120, None),
    ],
)
def test_a_sync_ends_when_nothing_came_for_a_minute_and_all_is_applied(
    received, applied, pending, now, ended
):
    moments = [None if second is None else at(second) for second in (received, applied)]

    found = syncs.ended_at(*moments, pending=pending, now=at(now))

    assert found == (None if ended is None else at(ended))
