import json

import pytest

from segments.filters.base import Membership
from segments.filters.cohort import CohortFilter
from segments.reading import InvalidTree
from segments.tests.trees import cohort, group, segment, tree, without
from segments.tree import Group, Match, Tree, parse

SOME = "3f6c1c1e-0000-4000-8000-000000000001"


def test_a_tree_becomes_frozen_nodes():
    parsed = parse(tree(group(cohort("spring", "summer"), name="Buyers", match="any"), match="any"))

    spring = CohortFilter("tinyclues", Membership.INCLUDES, ("spring", "summer"))
    assert parsed == Tree(Match.ANY, (Group(Match.ANY, (spring,), "Buyers"),), ())


@pytest.mark.parametrize(
    "full",
    [
        tree(),
        tree(group()),
        tree(group(cohort("a"), without("b", "c")), group(segment(SOME)), match="any"),
        tree(exclusions=[group(cohort("a"), match="any", name="Recently mailed")]),
    ],
)
def test_a_full_tree_comes_back_as_it_went_in(full):
    assert parse(full).to_json() == full


def test_what_is_left_out_has_a_value():
    short = {"version": 1, "groups": [{"filters": [cohort("a")]}]}

    assert parse(short).to_json() == tree(group(cohort("a")))


def test_a_cohort_named_twice_counts_once():
    assert parse(tree(group(cohort("a", "b", "a")))) == parse(tree(group(cohort("a", "b"))))


def test_a_segment_may_be_named_in_capitals():
    assert parse(tree(group(segment(SOME.upper())))) == parse(tree(group(segment(SOME))))


def broken(**changes):
    return tree(group(cohort("a"), cohort("a") | changes))


KINDS = "attribute or cohort or created_at or identifier or identity or random_bucket or segment"
DEEP = "filters.groups[0].filters[1]"
REFUSALS = {
    "null": (None, "filters must be an object"),
    "array": ([], "filters must be an object"),
    "text": ("{}", "filters must be an object"),
    "no version": ({}, "filters.version is required"),
    "another version": ({"version": 2}, "filters.version must be 1"),
    "version as boolean": ({"version": True}, "filters.version must be 1"),
    "version as fraction": ({"version": 1.0}, "filters.version must be 1"),
    "unknown key": (tree() | {"groop": []}, "filters.groop is not known"),
    "unknown key of a group": (
        tree(group() | {"not": 1}),
        "filters.groups[0].not is not known",
    ),
    "unknown key of a filter": (broken(colour="red"), f"{DEEP}.colour is not known"),
    "match": (tree() | {"match": "some"}, "filters.match must be all or any"),
    "match as array": (tree() | {"match": ["all"]}, "filters.match must be all or any"),
    "match null": (tree() | {"match": None}, "filters.match must be all or any"),
    "groups as object": (tree() | {"groups": {}}, "filters.groups must be an array"),
    "groups null": (tree() | {"groups": None}, "filters.groups must be an array"),
    "group as text": (tree("a"), "filters.groups[0] must be an object"),
    "filter as null": (tree(group(None)), "filters.groups[0].filters[0] must be an object"),
    "exclusion's match": (
        tree(exclusions=[group(), group(match="none")]),
        "filters.exclusions[1].match must be all or any",
    ),
    "name too long": (
        tree(group(name="x" * 256)),
        "filters.groups[0].name must be a string of 1 to 255 characters",
    ),
    "name as number": (
        tree(group(name=7)),
        "filters.groups[0].name must be a string of 1 to 255 characters",
    ),
    "no kind": (tree(group({})), "filters.groups[0].filters[0].kind is required"),
    "unknown kind": (broken(kind="magic"), f"{DEEP}.kind must be {KINDS}, not magic"),
    "kind as object": (broken(kind={}), f"{DEEP}.kind must be {KINDS}"),
    "operator": (
        broken(operator="contains"),
        f"{DEEP}.operator must be includes or does_not_include",
    ),
    "no cohorts": (broken(cohorts=[]), f"{DEEP}.cohorts must name at least one"),
    "cohorts as text": (broken(cohorts="a"), f"{DEEP}.cohorts must be an array"),
    "cohort as number": (
        broken(cohorts=["a", 1]),
        f"{DEEP}.cohorts[1] must be a string of 1 to 255 characters",
    ),
    "empty cohort": (
        broken(cohorts=[""]),
        f"{DEEP}.cohorts[0] must be a string of 1 to 255 characters",
    ),
    "NUL": (broken(cohorts=["a\0"]), f"{DEEP}.cohorts[0] must be text without NUL"),
    "lone surrogate": (broken(cohorts=["\ud800"]), f"{DEEP}.cohorts[0] must be text without NUL"),
    "too many cohorts": (
        broken(cohorts=[str(number) for number in range(257)]),
        f"{DEEP}.cohorts must hold at most 256, not 257",
    ),
    "partner": (broken(partner=None), f"{DEEP}.partner must be a string of 1 to 50 characters"),
    "no segment": (
        tree(group({"kind": "segment", "operator": "includes"})),
        "filters.groups[0].filters[0].segment is required",
    ),
    "segment": (
        tree(group(segment("VIPs"))),
        "filters.groups[0].filters[0].segment must be the id of a segment",
    ),
    "too many groups": (
        tree(*[group()] * 101),
        "filters.groups must hold at most 100, not 101",
    ),
    "too many filters": (
        tree(group(*[cohort("a")] * 60), exclusions=[group(*[cohort("a")] * 41)]),
        "filters must hold at most 100 filters",
    ),
}


@pytest.mark.parametrize(("given", "problem"), REFUSALS.values(), ids=REFUSALS.keys())
def test_anything_else_is_refused_with_the_path_of_the_node(given, problem):
    with pytest.raises(InvalidTree) as refused:
        parse(given)

    assert refused.value.problems == [problem]


def test_odd_text_in_a_key_can_be_repeated_safely():
    with pytest.raises(InvalidTree) as refused:
        parse(tree() | {"\ud800\n" + "x" * 9999: 1})

    (problem,) = refused.value.problems
    json.dumps(problem, ensure_ascii=False).encode()
    assert len(problem) < 100


def test_a_hundred_filters_of_256_cohorts_are_a_tree():
    names = [str(number) for number in range(256)]

    assert len(list(parse(tree(group(*[cohort(*names)] * 100))).filters())) == 100
