"""The export of users holds the cohorts and segments that they are in."""

import pytest

from cohorts.tests.factories import Connector, apply_all
from profiles.tests.backend import BackEnd, customer
from segments import services
from segments.tests.trees import cohort, group, tree, without
from segments.tree import parse
from tests.factories import BY


@pytest.fixture
def acme(db):
    return BackEnd()


@pytest.fixture
def tinyclues(acme):
    return Connector("acme")


def make_segment(workspace, name, *groups):
    return services.create(workspace, name=name, filters=parse(tree(*groups)), by=BY)


def export(backend, *external_ids, **body):
    answer = backend.post("/users/export/ids", {"external_ids": external_ids, **body}).json()
    return {one["external_id"]: one for one in answer["users"]}


def test_a_user_is_exported_with_cohorts_and_segments(acme, tinyclues):
    acme.track(customer("ana"), customer("bob"))
    tinyclues.name(name="Spring buyers")
    tinyclues.add("bob")
    tinyclues.add("ana", "waiting")
    apply_all()
    spring = make_segment(acme.workspace, "Spring", group(cohort("spring")))
    others = make_segment(acme.workspace, "Others", group(without("spring")))
    acme.track(customer("cid"))

    found = export(acme, "ana", "cid")

    (of_ana,) = found["ana"].pop("cohorts")
    assert of_ana.pop("since").endswith("Z")
    assert of_ana == {
        "partner": "tinyclues",
        "cohort_id": "spring",
        "name": "Spring buyers",
        "upload": 2,
    }
    assert found["ana"]["segments"] == [{"segment_id": str(spring.pk), "name": "Spring"}]
    assert "cohorts" not in found["cid"]
    assert found["cid"]["segments"] == [{"segment_id": str(others.pk), "name": "Others"}]


def test_a_user_who_was_waited_for_is_in_the_cohort_in_the_very_next_call(acme, tinyclues):
    tinyclues.add("ana")
    apply_all()
    acme.track(customer("ana"))

    assert [one["cohort_id"] for one in export(acme, "ana")["ana"]["cohorts"]] == ["spring"]


def test_fifty_users_with_everything_cost_as_many_queries_as_one(
    acme, tinyclues, django_assert_num_queries
):
    export(acme, "nobody")  # the first call also notes that the key is in use
    names = [str(number) for number in range(50)]
    acme.track(*(customer(name, f"phone {name}", vip=True) for name in names))
    events = [{**customer(name), "name": "visit", "time": "2026-01-01T00:00:00Z"} for name in names]
    acme.post("/users/track", {"events": events})
    for number in range(12):
        tinyclues.add(*names[number:], cohort_id=f"cohort {number}")
        make_segment(acme.workspace, f"Segment {number}", group(cohort(f"cohort {number}")))
    apply_all()

    # Key; identifiers; profiles, identifiers, activity; bits, uploads, cohorts; segments, bits,
    # cohorts, known.
    with django_assert_num_queries(12):
        export(acme, "0")
    with django_assert_num_queries(12):
        found = export(acme, *names)

    assert len(found) == 50
    assert len(found["49"]["cohorts"]) == len(found["49"]["segments"]) == 12


def test_memberships_that_nobody_asked_for_are_not_looked_up(acme, django_assert_num_queries):
    acme.track(customer("ana", email="ana@example.com"))
    export(acme, "ana")

    # Key; identifiers; profiles.
    with django_assert_num_queries(3):
        export(acme, "ana", fields_to_export=["external_id", "email"])
