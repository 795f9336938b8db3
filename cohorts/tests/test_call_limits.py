"""The hourly limit of a workspace and partner, over the partner calls."""

import time

import pytest
from django.db import connection

from cohorts.models import Upload
from cohorts.tests.factories import Connector
from partners import limits
from partners.limits import NEAR, SLOTS, Quota
from partners.models import RequestCount
from profiles.tests.connections import at_once


@pytest.fixture
def tinyclues(db):
    return Connector("acme", "tinyclues")


def set_limit(settings, limit):
    settings.PARTNER_REQUESTS_PER_HOUR = limit


def statuses(responses):
    return [response.status_code for response in responses]


def test_exactly_as_many_requests_pass_as_the_limit_says(tinyclues, settings):
    set_limit(settings, 3)

    answers = [
        tinyclues.add("ana"),
        tinyclues.name(),
        tinyclues.remove("ana"),
        tinyclues.add("bob"),
    ]

    assert statuses(answers) == [201, 201, 201, 429]
    assert [answer["X-RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert Upload.objects.count() == 2


def test_a_refusal_says_when_to_come_back(tinyclues, settings):
    set_limit(settings, 0)

    for response in (tinyclues.add("ana"), tinyclues.name(), tinyclues.change([])):
        assert (response.status_code, response.json()) == (429, {"message": "Rate Limited"})
        wait = int(response["Retry-After"])
        assert 1 <= wait <= 3_600
        assert abs(int(response["X-RateLimit-Reset"]) - time.time() - wait) < 3


def test_refused_requests_do_not_count(tinyclues, settings):
    set_limit(settings, 2)
    for _ in range(5):
        tinyclues.change([{}])
        tinyclues.name(name="")
        tinyclues.change([], cohort_id="")

    assert tinyclues.add("ana")["X-RateLimit-Remaining"] == "1"
    assert tinyclues.add("ana")["X-RateLimit-Remaining"] == "0"
    assert tinyclues.add("ana").status_code == 429


def test_a_refused_request_shows_what_remains(tinyclues, settings):
    set_limit(settings, 5)
    tinyclues.add("ana")

    assert tinyclues.change([{}])["X-RateLimit-Remaining"] == "4"
    assert tinyclues.change([])["X-RateLimit-Remaining"] == "4"


def test_without_a_known_workspace_all_of_the_limit_remains(tinyclues, settings):
    set_limit(settings, 5)
    tinyclues.add("ana")

    refused = tinyclues.post("cohorts", {"client_secret": "wrong"})

    assert refused["X-RateLimit-Limit"] == refused["X-RateLimit-Remaining"] == "5"


def test_each_workspace_and_partner_has_a_limit_of_its_own(tinyclues, settings):
    set_limit(settings, 1)
    others = [Connector("globex", "tinyclues"), Connector("acme", "segment")]

    assert statuses([tinyclues.add("ana"), tinyclues.add("ana")]) == [201, 429]
    for other in others:
        assert statuses([other.add("ana"), other.add("ana")]) == [201, 429]


def test_the_last_hour_does_not_count(tinyclues, settings):
    set_limit(settings, 1)
    tinyclues.add("ana")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE partners_requestcount SET hour = hour - interval '1 hour'")

    assert tinyclues.add("ana").status_code == 201


@pytest.mark.django_db(transaction=True)
def test_the_limit_is_exact_when_requests_race(settings):
    set_limit(settings, 5)
    tinyclues = Connector("acme", "tinyclues")
    works = [
        lambda number=number: tinyclues.add("ana", cohort_id=f"c{number % 3}")
        for number in range(8)
    ]

    answers = at_once(*works)

    assert sorted(statuses(answers)) == [201] * 5 + [429] * 3
    assert {answer["X-RateLimit-Remaining"] for answer in answers if answer.status_code == 429} == {
        "0"
    }
    assert Upload.objects.count() == 5


def test_counts_are_spread_while_much_remains_and_queue_when_little_does():
    assert {Quota(limit=10_000).slot for _ in range(500)} == set(range(SLOTS))
    assert {Quota(limit=10_000, accepted=10_000 - NEAR + 1).slot for _ in range(100)} == {0}


def test_all_slots_together_are_the_count(tinyclues, settings):
    set_limit(settings, NEAR + 40)

    answers = [tinyclues.add("ana") for _ in range(50)]

    assert answers[-1]["X-RateLimit-Remaining"] == str(NEAR - 10)
    assert sum(RequestCount.objects.values_list("accepted", flat=True)) == 50
    assert RequestCount.objects.count() > 1


def test_what_remains_is_never_less_than_nothing():
    assert Quota(limit=3, accepted=5).headers()["X-RateLimit-Remaining"] == "0"
    assert limits.full_quota().accepted == 0
