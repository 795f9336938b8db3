from dataclasses import asdict

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common import bitmaps
from segments import evaluation, services
from segments.reading import InvalidTree
from segments.tests import reference
from segments.tests.trees import cohort, group, know, make_cohort, segment, tree, without
from segments.tree import parse
from tests.factories import BY, make_workspace

FAR = 5 << 16  # the first profile id of another block
IDS = [0, 1, 2, 3, 65_534, 65_535, 65_536, 65_537, FAR, FAR + 1, 1 << 33, (1 << 33) + 9]
NAMES = ["spring", "summer", "autumn"]


def reach(workspace, given):
    found = asdict(evaluation.reach_of(workspace.pk, parse(given)))
    return found | {key: _listed(found[key]) for key in ("groups", "exclusions")}


def _listed(parts):
    return [
        {key: list(value) if isinstance(value, tuple) else value for key, value in part.items()}
        for part in parts
    ]


def test_an_empty_tree_reaches_everyone(acme):
    know(acme, 1, 2, FAR)

    assert reach(acme, tree()) == {"total": 3, "everyone": 3, "groups": [], "exclusions": []}


def test_a_workspace_without_users_reaches_nobody(acme):
    make_cohort(acme, "spring", [1, 2])

    assert reach(acme, tree(group(without("spring"))))["total"] == 0


def test_waiting_ids_are_in_no_count(acme):
    know(acme, 1, 2)
    make_cohort(acme, "spring", [1, 7, FAR])

    found = reach(acme, tree(group(cohort("spring"))))

    assert (found["total"], found["groups"][0]["filters"][0]["alone"]) == (1, 1)


def test_users_created_a_moment_ago_count_before_they_are_folded(acme):
    know(acme, 1, added=[2], removed=[3])
    make_cohort(acme, "spring", [1, 2, 3])

    assert reach(acme, tree(group(cohort("spring"))))["total"] == 2


def test_the_funnel_narrows_within_and_between_groups(acme):
    know(acme, 1, 2, 3, 4)
    make_cohort(acme, "spring", [1, 2, 3])
    make_cohort(acme, "summer", [2, 3, 4])
    make_cohort(acme, "autumn", [3])

    found = reach(
        acme,
        tree(
            group(cohort("spring"), cohort("summer")),
            group(without("autumn")),
            exclusions=[group(cohort("autumn")), group(cohort("summer"))],
        ),
    )

    assert found == {
        "total": 0,
        "everyone": 4,
        "groups": [
            {
                "alone": 2,
                "running": 2,
                "filters": [{"alone": 3, "running": 3}, {"alone": 3, "running": 2}],
            },
            {"alone": 3, "running": 1, "filters": [{"alone": 3, "running": 1}]},
        ],
        "exclusions": [{"removed": 0}, {"removed": 1}],
    }


def test_groups_joined_by_any_grow(acme):
    know(acme, 1, 2, 3, 4)
    make_cohort(acme, "spring", [1])
    make_cohort(acme, "summer", [2])
    make_cohort(acme, "autumn", [2, 3])

    found = reach(
        acme,
        tree(
            group(cohort("spring")),
            group(cohort("summer"), cohort("autumn"), match="any"),
            match="any",
        ),
    )

    assert [part["running"] for part in found["groups"][1]["filters"]] == [2, 3]
    assert found["total"] == 3


def test_a_group_without_filters_is_ignored(acme):
    know(acme, 1, 2, 3)
    make_cohort(acme, "spring", [1])

    found = reach(
        acme, tree(group(), group(cohort("spring")), group(), match="any", exclusions=[group()])
    )

    assert found["total"] == 1
    ignored = found["groups"][0], found["groups"][2]
    assert ignored == (
        {"alone": 3, "running": 3, "filters": []},
        {"alone": 3, "running": 1, "filters": []},
    )
    assert found["exclusions"] == [{"removed": 0}]


def test_a_nested_segment_keeps_its_exclusions(acme):
    know(acme, 1, 2, 3)
    make_cohort(acme, "spring", [1, 2])
    make_cohort(acme, "summer", [2])
    inner = parse(tree(group(cohort("spring")), exclusions=[group(cohort("summer"))]))
    buyers = services.create(acme, name="Buyers", filters=inner, by=BY)

    assert reach(acme, tree(group(segment(buyers))))["total"] == 1
    assert reach(acme, tree(group(segment(buyers, "does_not_include"))))["total"] == 2


def test_members_come_block_by_block(acme):
    know(acme, 1, 2, FAR)
    make_cohort(acme, "spring", [2, FAR, FAR + 1])

    found = evaluation.members_of(acme.pk, parse(tree(group(cohort("spring")))))

    assert list(bitmaps.join(found)) == [2, FAR]


def test_several_sizes_are_read_at_once(acme, django_assert_num_queries):
    know(acme, 1, 2, FAR)
    make_cohort(acme, "spring", [2, FAR])
    trees = [parse(tree(group(part))) for part in (cohort("spring"), without("spring"))]

    # The cohorts' ids, known, the members.
    with django_assert_num_queries(3):
        assert evaluation.sizes_of(acme.pk, trees) == [2, 1]


def test_what_belongs_to_another_workspace_is_refused_with_its_path(acme, globex):
    make_cohort(acme, "spring", [1])
    make_cohort(globex, "theirs", [1])
    theirs = services.create(globex, name="Theirs", filters=parse(tree()), by=BY)

    with pytest.raises(InvalidTree) as cohorts:
        reach(acme, tree(group(cohort("spring", "theirs")), exclusions=[group(cohort("no"))]))
    with pytest.raises(InvalidTree) as segments:
        reach(acme, tree(group(segment(theirs))))

    assert cohorts.value.problems == [
        "filters.groups[0].filters[0].cohorts[1] is not a cohort of tinyclues in this workspace",
        "filters.exclusions[0].filters[0].cohorts[0] is not a cohort of tinyclues "
        "in this workspace",
    ]
    assert segments.value.problems == [
        "filters.groups[0].filters[0].segment is not a segment of this workspace"
    ]


def test_an_unknown_partner_is_refused_as_such(acme):
    with pytest.raises(InvalidTree) as refused:
        reach(acme, tree(group(cohort("spring", partner="nobody"))))

    assert refused.value.problems == [
        "filters.groups[0].filters[0].partner is not a technology partner"
    ]


def test_the_same_name_of_two_partners_is_two_cohorts(acme):
    know(acme, 1, 2, 3)
    make_cohort(acme, "spring", [1])
    make_cohort(acme, "spring", [2, 3], partner="segment")

    assert reach(acme, tree(group(cohort("spring", partner="segment"))))["total"] == 2


def test_more_cohorts_than_one_evaluation_reads_are_refused(acme):
    names = [str(number) for number in range(1_001)]
    filters = [cohort(*names[start : start + 200]) for start in range(0, len(names), 200)]

    with pytest.raises(InvalidTree, match="at most 1000 different cohorts"):
        reach(acme, tree(group(*filters)))


def test_segments_may_lie_ten_deep(acme):
    know(acme, 1)
    inner = parse(tree())
    for depth in range(10):
        made = services.create(acme, name=f"{depth} deep", filters=inner, by=BY)
        inner = parse(tree(group(segment(made))))
    assert evaluation.reach_of(acme.pk, inner).total == 1

    with pytest.raises(InvalidTree, match="10 deep"):
        made = services.create(acme, name="11 deep", filters=inner, by=BY)
        reach(acme, tree(group(segment(made))))


def test_the_queries_dont_grow_with_the_tree(acme, django_assert_num_queries):
    know(acme, *IDS)
    for name in NAMES:
        make_cohort(acme, name, IDS[::2])
    wide = tree(*[group(*[cohort(name) for name in NAMES])] * 10)

    # The cohorts' ids, known, the members of one range of blocks.
    with django_assert_num_queries(3):
        reach(acme, wide)


@pytest.mark.django_db(transaction=True)
def test_everything_is_read_in_one_snapshot():
    acme = make_workspace("acme")
    with_snapshot = []

    def note(execute, sql, params, many, context):
        with_snapshot.append(connection.in_atomic_block)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        reach(acme, tree())

    assert all(with_snapshot)


def test_ranges_of_blocks_add_up(acme, monkeypatch):
    monkeypatch.setattr(evaluation, "RANGE", 1)
    know(acme, *IDS)
    make_cohort(acme, "spring", IDS[::2])

    assert reach(acme, tree(group(cohort("spring"))))["total"] == 6


memberships = st.sets(st.sampled_from(IDS))
operators = st.sampled_from(["includes", "does_not_include"])
matches = st.sampled_from(["all", "any"])
cohort_filters = st.builds(
    lambda names, operator: cohort(*names, operator=operator),
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True),
    operators,
)


def trees(filters):
    groups = st.lists(
        st.builds(
            lambda filters, match: group(*filters, match=match),
            st.lists(filters, max_size=3),
            matches,
        ),
        max_size=3,
    )
    return st.builds(
        lambda groups, match, exclusions: tree(*groups, match=match, exclusions=exclusions),
        groups,
        matches,
        groups,
    )


nested_filters = st.builds(
    lambda operator: {"kind": "segment", "operator": operator, "segment": "inner"}, operators
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    known=memberships,
    added=memberships,
    removed=memberships,
    cohorts=st.fixed_dictionaries(dict.fromkeys(NAMES, memberships)),
    inner=trees(cohort_filters),
    outer=trees(st.one_of(cohort_filters, nested_filters)),
)
def test_reach_is_what_plain_sets_say(db, known, added, removed, cohorts, inner, outer):
    workspace = make_workspace(f"random-{test_reach_is_what_plain_sets_say.runs}")
    test_reach_is_what_plain_sets_say.runs += 1
    know(workspace, *known, added=added - known - removed, removed=removed)
    for name, members in cohorts.items():
        make_cohort(workspace, name, members)
    made = services.create(workspace, name="Inner", filters=parse(inner), by=BY)
    given = _with(outer, str(made.pk))

    expected = reference.reach(given, (known | added) - removed, cohorts, {str(made.pk): inner})

    assert reach(workspace, given) == expected


test_reach_is_what_plain_sets_say.runs = 0


def _with(given, segment_id):
    """The tree with the id of the inner segment filled in."""

    def filled(part):
        filters = [
            condition | {"segment": segment_id} if condition["kind"] == "segment" else condition
            for condition in part["filters"]
        ]
        return part | {"filters": filters}

    return given | {key: [filled(part) for part in given[key]] for key in ("groups", "exclusions")}
