"""What the buttons of the segment form do to a draft."""

import pytest

from segments.builder import edits
from segments.builder.draft import Draft
from segments.tests.trees import cohort, group, tree, without
from segments.tree import parse


@pytest.fixture
def draft():
    groups = [group(cohort("spring"), without("summer"), name="Early"), group(cohort("vips"))]
    return Draft.of(parse(tree(*groups, exclusions=[group(cohort("recent"), match="any")])))


def press(draft, button, key=""):
    edits.carry_out(draft, {button: key})
    return draft


def shape(draft):
    """The cohorts of every row, group by group."""
    return [[row.values for row in one.rows] for one in draft.groups]


def test_a_filter_is_added_to_its_group_and_gone_on_with(draft):
    press(draft, "_add_filter", "g1")

    assert [row.key for row in draft.groups[1].rows] == ["g1-r0", "g1-r1"]
    assert draft.focus == "g1-r1-what"


def test_a_group_that_gets_a_filter_is_open(draft):
    draft.groups[0].is_collapsed = True

    press(draft, "_add_filter", "g0")

    assert not draft.groups[0].is_collapsed


def test_groups_start_with_a_filter_and_exclusions_with_or(draft):
    press(draft, "_add_group")
    press(draft, "_add_exclusion")

    added = draft.groups[3:]
    assert [(one.match, one.is_exclusion, len(one.rows)) for one in added] == [
        ("all", False, 1),
        ("any", True, 1),
    ]


def test_a_duplicate_stands_behind_what_it_repeats_with_a_key_of_its_own(draft):
    press(draft, "_duplicate", "g0-r0")

    assert shape(draft)[0] == [["spring"], ["spring"], ["summer"]]
    assert [row.key for row in draft.groups[0].rows] == ["g0-r0", "g0-r2", "g0-r1"]


def test_what_is_changed_in_a_duplicate_leaves_the_first_alone(draft):
    press(draft, "_duplicate", "g0")
    draft.groups[1].rows[0].values.append("winter")

    assert draft.groups[1].name == "Early"
    assert shape(draft)[:2] == [[["spring"], ["summer"]], [["spring", "winter"], ["summer"]]]
    assert len({row.key for row in draft.rows}) == len(draft.rows)


@pytest.mark.parametrize(
    ("button", "key", "after"),
    [
        ("_move_up", "g0-r1", [[["summer"], ["spring"]], [["vips"]], [["recent"]]]),
        ("_move_down", "g0-r0", [[["summer"], ["spring"]], [["vips"]], [["recent"]]]),
        ("_move_up", "g1", [[["vips"]], [["spring"], ["summer"]], [["recent"]]]),
        ("_move_down", "g0-r1", None),
        ("_move_up", "g0", None),
        ("_move_down", "g1", None),
        ("_move_up", "g2", None),
    ],
)
def test_groups_and_filters_move_a_place_among_their_like(draft, button, key, after):
    before = shape(draft)

    press(draft, button, key)

    assert shape(draft) == (after or before)
    assert draft.focus == f"{key}-menu"


def test_removing_the_last_group_leaves_a_blank_one(draft):
    press(draft, "_remove", "g0")
    press(draft, "_remove", "g1")

    assert [one.is_exclusion for one in draft.groups] == [True, False]
    assert draft.included[0].filled == []


def test_and_is_put_into_a_group_or_between_the_groups(draft):
    draft.match = draft.groups[1].match = "any"

    press(draft, "_join_by_and", "g1")
    assert (draft.match, draft.groups[1].match) == ("any", "all")

    press(draft, "_join_by_and")
    assert draft.match == "all"


@pytest.mark.parametrize("button", edits.BUTTONS)
def test_a_key_that_isnt_there_breaks_nothing(draft, button):
    before = shape(draft)

    press(draft, button, "g9-r9")

    assert shape(draft)[: len(before)] == before
