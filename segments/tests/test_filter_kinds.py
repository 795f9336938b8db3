"""Filters on values and ids as JSON and as rows of the builder."""

import pytest

from segments import wording
from segments.builder.draft import Draft
from segments.operators import OPERATORS, Takes
from segments.reading import InvalidTree
from segments.tests.trees import group, tree
from segments.tree import parse

SAMPLES = {
    Takes.NOTHING: [],
    Takes.TEXT: ["FR"],
    Takes.TEXTS: ["FR", "ES"],
    Takes.NUMBER: [5],
    Takes.TWO_NUMBERS: [-1.5, 2**63],
    Takes.TIME: ["2026-01-31T10:00:00+01:00"],
    Takes.TWO_TIMES: ["2026-01-31", "2026-02-01T00:00:00Z"],
    Takes.DAY: ["2026-01-31"],
    Takes.DAYS: [30],
}


def attribute(operator, *values, name="country"):
    made = {"kind": "attribute", "name": name, "operator": operator}
    return made | ({"values": list(values)} if values else {})


ATTRIBUTES = [
    attribute(name, *SAMPLES[operator.takes], name="a/b") for name, operator in OPERATORS.items()
]
OTHERS = [
    {"kind": "created_at", "operator": "before", "values": ["2026-01-31"]},
    {"kind": "created_at", "operator": "not_in_the_last_days", "values": [0]},
    {"kind": "random_bucket", "operator": "not_between", "values": [0, 9_999]},
    {"kind": "identity", "operator": "is_anonymous"},
    {"kind": "identifier", "of": "external_id", "operator": "has_not"},
    {"kind": "identifier", "of": "device", "operator": "is_any_of", "values": ["d1", "D1"]},
    {"kind": "identifier", "of": "alias", "label": "a/b", "operator": "has"},
    {"kind": "identifier", "of": "alias", "label": "x", "operator": "is_none_of", "values": ["y"]},
]


@pytest.mark.parametrize("condition", ATTRIBUTES + OTHERS, ids=str)
def test_a_filter_comes_back_as_it_went_in_and_from_a_row_of_the_builder(condition):
    parsed = parse(tree(group(condition)))

    assert parsed.to_json() == tree(group(condition))
    assert Draft.of(parsed).to_json() == tree(group(condition))


@pytest.mark.parametrize("name", OPERATORS)
def test_operators_come_in_pairs_that_say_what_becomes_of_blanks(name):
    one = OPERATORS[name]
    other = OPERATORS[one.opposite]

    assert other.opposite == name
    assert (one.kind, one.takes, one.test) == (other.kind, other.takes, other.test)
    assert one.takes_blanks is not other.takes_blanks
    assert str(wording.OPERATORS[name])
    assert wording.blanks(one)


FILTER = "filters.groups[0].filters[0]"
REFUSALS = {
    "no operator": (attribute("is") | {"operator": None}, f"{FILTER}.operator must be is or"),
    "no name": (attribute("is_blank", name=""), f"{FILTER}.name must be a string of 1 to 255"),
    "no value": (attribute("is"), f"{FILTER}.values is required"),
    "two for one": (attribute("is", "a", "b"), f"{FILTER}.values must hold at most 1, not 2"),
    "number for text": (attribute("is_any_of", 5), f"{FILTER}.values[0] must be a string of"),
    "value for none": (attribute("is_blank", "a"), f"{FILTER}.values must hold at most 0"),
    "text for number": (attribute("equals", "5"), f"{FILTER}.values[0] must be a number"),
    "boolean for number": (attribute("more_than", True), f"{FILTER}.values[0] must be a number"),
    "too large": (attribute("more_than", 2**63 + 1), f"{FILTER}.values[0] must be a number"),
    "no number": (attribute("equals", float("nan")), f"{FILTER}.values[0] must be a number"),
    "one of two": (attribute("between", 1), f"{FILTER}.values must hold 2"),
    "turned round": (attribute("between", 2, 1), f"{FILTER}.values must have the smaller"),
    "no time": (attribute("before", "soon"), f"{FILTER}.values[0] must be an ISO-8601 time"),
    "time for day": (
        attribute("on", "2026-01-31T10:00:00Z"),
        f"{FILTER}.values[0] must be a date as YYYY-MM-DD",
    ),
    "late before early": (
        attribute("between_times", "2026-02-01", "2026-01-31"),
        f"{FILTER}.values must have the earlier",
    ),
    "half a day": (attribute("in_the_last_days", 0.5), f"{FILTER}.values[0] must be a whole"),
    "days ahead": (attribute("in_the_last_days", -1), f"{FILTER}.values[0] must be a whole"),
    "bucket 10,000": (
        {"kind": "random_bucket", "operator": "between", "values": [0, 10_000]},
        f"{FILTER}.values[1] must be a whole number from 0 to 9,999",
    ),
    "text operator for creation": (
        {"kind": "created_at", "operator": "is", "values": ["2026-01-31"]},
        f"{FILTER}.operator must be before or",
    ),
    "alias without label": (
        {"kind": "identifier", "of": "alias", "operator": "has"},
        f"{FILTER}.label is required",
    ),
    "label of a device": (
        {"kind": "identifier", "of": "device", "label": "x", "operator": "has"},
        f"{FILTER}.label is not known",
    ),
    "ids for has": (
        {"kind": "identifier", "of": "device", "operator": "has", "values": ["d"]},
        f"{FILTER}.values must be left out with has",
    ),
    "unknown key": (attribute("is_blank") | {"case": 1}, f"{FILTER}.case is not known"),
}


@pytest.mark.parametrize(("condition", "problem"), REFUSALS.values(), ids=REFUSALS)
def test_anything_else_is_refused_with_the_path_of_the_node(condition, problem):
    with pytest.raises(InvalidTree) as refused:
        parse(tree(group(condition)))

    assert refused.value.problems[0].startswith(problem)


def test_a_row_without_the_value_that_it_needs_is_left_out():
    draft = Draft.of(parse(tree(group(attribute("is", "FR"), attribute("is_blank")))))
    draft.rows[0].values = []

    assert draft.to_json() == tree(group(attribute("is_blank")))
