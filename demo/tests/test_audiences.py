from datetime import date

import pytest

from demo.audiences import MOST_IDS, exports
from demo.people import HOW_MANY, generate

TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def people():
    return list(generate(5_000, today=TODAY))


@pytest.fixture(scope="module")
def exported(people):
    return {export.audience.cohort_id: export for export in exports(people, TODAY)}


def test_no_request_names_more_ids_than_the_api_takes(exported):
    for export in exported.values():
        for request in export.requests:
            assert 0 < ids_of(request) <= MOST_IDS


def test_full_requests_come_before_the_last_one(exported):
    first, *_ = exported["primary-cohort"].requests

    assert ids_of(first) == MOST_IDS


def test_the_primary_cohort_names_users_by_every_kind_of_id(exported):
    kinds = {kind for request in exported["primary-cohort"].requests for c in request for kind in c}

    assert kinds == {"user_ids", "aliases", "device_ids", "should_remove"}


def test_ids_that_nobody_has_are_above_every_number_of_a_person(exported):
    named = [
        int(user_id.removeprefix("demo-"))
        for request in exported["primary-cohort"].requests
        for change in request
        for user_id in change.get("user_ids", [])
    ]

    assert any(number > HOW_MANY for number in named)
    assert all(number <= 5_000 or number >= 900_000 for number in named)


def test_only_what_was_added_is_removed(exported):
    for export in exported.values():
        added, removed = set(), set()
        for request in export.requests:
            for change in request:
                chosen = removed if change.get("should_remove") else added
                chosen.update(change.get("user_ids", []))
        assert removed <= added


def test_audiences_are_the_same_every_time(people, exported):
    again = {export.audience.cohort_id: export for export in exports(people, TODAY)}

    assert all(again[key].requests == export.requests for key, export in exported.items())


def ids_of(request):
    return sum(
        len(values) for change in request for values in change.values() if values is not True
    )
