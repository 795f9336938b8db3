"""Ids of requests: which say when, and are told from any other id."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from common import request_ids


def test_an_id_says_when_it_was_made():
    before = datetime.now(UTC)

    made_at = request_ids.moment(request_ids.new())

    assert before - timedelta(milliseconds=1) <= made_at <= datetime.now(UTC)


def test_an_id_is_a_uuid_of_version_7():
    ids = {request_ids.new() for _ in range(1000)}

    assert len(ids) == 1000
    assert {(one.version, one.variant) for one in ids} == {(7, uuid.RFC_4122)}


def test_the_example_of_the_standard_is_read_right():
    """RFC 9562, appendix A.6."""
    example = uuid.UUID("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")

    assert request_ids.moment(example) == datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    "other", [uuid.uuid4(), uuid.uuid1(), uuid.UUID(int=0), uuid.UUID(int=2**128 - 1)]
)
def test_another_kind_of_id_says_nothing(other):
    assert request_ids.moment(other) is None


def test_a_moment_past_every_calendar_is_none():
    far = uuid.UUID("ffffffff-ffff-7000-8000-000000000000")

    assert request_ids.moment(far) is None
