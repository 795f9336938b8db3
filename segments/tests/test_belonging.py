"""The segments that a user is in."""

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common import bitmaps
from segments import belonging, evaluation, services
from segments.models import Segment
from segments.tests.trees import cohort, group, know, make_cohort, segment, tree, without
from segments.tree import parse
from tests.factories import BY, make_workspace

FAR = 5 << 16  # the first profile id of another block
HUGE = 1 << 33
IDS = [1, 2, 3, 65_535, 65_536, FAR, HUGE]


def make(workspace, name, *groups, **others):
    return services.create(workspace, name=name, filters=parse(tree(*groups, **others)), by=BY)


def names(workspace, *profile_ids):
    found = belonging.read(workspace.pk, list(profile_ids))
    return [[one.name for one in found[profile_id]] for profile_id in profile_ids]


def test_a_user_is_in_every_segment_whose_filters_match_by_name(acme):
    know(acme, 1, 2, FAR)
    make_cohort(acme, "spring", [1, FAR])
    make(acme, "Spring", group(cohort("spring")))
    make(acme, "Others", group(without("spring")))
    make(acme, "Everyone")

    assert names(acme, 1, 2, FAR) == [
        ["Everyone", "Spring"],
        ["Everyone", "Others"],
        ["Everyone", "Spring"],
    ]


def test_a_segment_has_its_id_and_page(acme):
    know(acme, 1)
    made = make(acme, "Everyone")

    (found,) = belonging.read(acme.pk, [1])[1]

    assert found.id == str(made.pk)
    assert found.path == reverse("admin:segments_segment_detail", args=[made.pk])


def test_a_waiting_id_is_in_no_segment(acme):
    know(acme, 1)
    make_cohort(acme, "spring", [1, 7])
    make(acme, "Spring", group(cohort("spring")))
    make(acme, "Others", group(without("spring")))

    assert names(acme, 7) == [[]]


def test_an_archived_segment_is_left_out_and_goes_on_counting_inside_of_others(acme):
    know(acme, 1)
    inner = make(acme, "Inner")
    make(acme, "Outer", group(segment(inner)))
    Segment.objects.filter(pk=inner.pk).update(archived_at=timezone.now())

    assert names(acme, 1) == [["Outer"]]


def test_a_broken_segment_takes_along_who_is_made_of_it_and_nobody_else(acme):
    know(acme, 1)
    broken, lost = make(acme, "Broken"), make(acme, "Lost")
    make(acme, "On the broken", group(segment(broken)))
    make(acme, "On the lost", group(segment(lost)))
    make(acme, "Whole")
    first, second = make(acme, "First"), make(acme, "Second")
    make(acme, "On a circle", group(segment(first)))
    Segment.objects.filter(pk=first.pk).update(filters=tree(group(segment(second))))
    Segment.objects.filter(pk=second.pk).update(filters=tree(group(segment(first))))
    Segment.objects.filter(pk=broken.pk).update(filters={"version": 99})
    lost.delete()

    assert names(acme, 1) == [["Whole"]]


def test_another_workspace_has_no_part_in_it(acme, globex):
    know(acme, 1)
    know(globex, 2)
    make(acme, "Everyone")

    assert names(globex, 1, 2) == [[], []]


def test_fifty_users_in_many_segments_cost_as_many_queries_as_one_in_one(
    acme, django_assert_num_queries
):
    ids = [number << 16 for number in range(1, 51)]
    know(acme, *ids)
    make_cohort(acme, "spring", ids)
    inner = make(acme, "0", group(cohort("spring")))
    # Segments; bits, cohorts, known.
    with django_assert_num_queries(4):
        belonging.read(acme.pk, ids[:1])

    for number in range(1, 40):
        inner = make(acme, str(number), group(segment(inner) if number < 8 else without("spring")))
    with django_assert_num_queries(4):
        found = belonging.read(acme.pk, ids)
    assert [len(found[each]) for each in ids] == [8] * 50


NAMES = ["spring", "summer", "autumn"]
OPERATORS = st.sampled_from(["includes", "does_not_include"])
COHORT_FILTERS = st.builds(
    lambda names, operator: cohort(*names, operator=operator),
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True),
    OPERATORS,
)
SUBSETS = st.sets(st.sampled_from(IDS))


def trees(filters):
    groups = st.lists(
        st.builds(
            lambda parts, match: group(*parts, match=match),
            st.lists(filters, max_size=3),
            st.sampled_from(["all", "any"]),
        ),
        max_size=2,
    )
    return st.builds(
        lambda inside, match, out: tree(*inside, match=match, exclusions=out),
        groups,
        st.sampled_from(["all", "any"]),
        groups,
    )


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(SUBSETS, st.tuples(SUBSETS, SUBSETS, SUBSETS), trees(COHORT_FILTERS), st.data())
def test_who_is_in_a_segment_is_whom_its_evaluation_reaches(known, members, first, data):
    with transaction.atomic():
        acme = make_workspace("acme")
        know(acme, *known)
        for name, ids in zip(NAMES, members, strict=True):
            make_cohort(acme, name, ids)
        inner = services.create(acme, name="inner", filters=parse(first), by=BY)
        nesting = COHORT_FILTERS | OPERATORS.map(lambda operator: segment(inner, operator))
        second = parse(data.draw(trees(nesting)))
        services.create(acme, name="outer", filters=second, by=BY)

        found = belonging.read(acme.pk, IDS)

        for name, filters in (("inner", parse(first)), ("outer", second)):
            reached = bitmaps.join(evaluation.members_of(acme.pk, filters))
            assert {i for i in IDS if name in [each.name for each in found[i]]} == set(reached)
        transaction.set_rollback(True)
