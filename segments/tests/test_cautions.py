"""What the builder warns of: trees that hardly mean what they say."""

import pytest

from segments.builder import cautions
from segments.reach import ExclusionReach, FilterReach, GroupReach, Reach
from segments.tests.trees import cohort, group, tree, without
from segments.tree import parse


def counted(json, *alone, running, removed=()):
    """What the builder warns of where the groups alone reach so many of 100 users."""
    filters = tuple(FilterReach(1, 1) for _ in range(2))
    groups = tuple(GroupReach(one, running, filters) for one in alone)
    taken = tuple(ExclusionReach(one) for one in removed)
    reach = Reach(running - sum(removed), 100, groups, taken)
    return cautions.of(parse(json), reach)


def test_negatives_joined_by_or_that_match_everyone_are_pointed_out():
    open_group = group(without("a"), without("b"), match="any", name="Not lately")

    (found,) = counted(tree(open_group), 100, running=100)

    assert "“Not lately” leaves nobody out" in found.text
    assert "Join its filters with AND" in found.text
    assert (found.can_join, found.group) == (True, 0)


def test_a_group_is_named_by_its_number_where_it_has_no_name():
    groups = [group(cohort("a")), group(without("a"), cohort("b"), match="any")]

    (found,) = counted(tree(*groups), 10, 100, running=10)

    assert "“Filter group 2”" in found.text


@pytest.mark.parametrize(
    "json",
    [
        tree(group(without("a"), without("b"))),
        tree(group(cohort("a"), cohort("b"), match="any")),
        tree(group(without("a"), match="any")),
    ],
)
def test_and_and_filters_that_ask_for_something_are_no_trap(json):
    found = counted(json, 100, running=100)

    assert [one.text for one in found] == ["These filters leave nobody out."]


def test_or_between_groups_that_let_everyone_in_is_pointed_out():
    json = tree(group(without("a")), group(without("b")), match="any")

    (found,) = counted(json, 90, 95, running=100)

    assert "Put AND between the groups" in found.text
    assert (found.can_join, found.group) == (True, None)


def test_an_exclusion_that_takes_everybody_away_is_named():
    exclusion = group(without("a"), without("b"), match="any")
    json = tree(group(cohort("a")), exclusions=[exclusion])

    (found,) = counted(json, 10, running=10, removed=[10])

    assert "“Exclusion group 1” takes everybody away" in found.text
    assert found.is_exclusion


def test_an_exclusion_of_all_whom_the_groups_reach_is_said():
    json = tree(group(cohort("a")), exclusions=[group(cohort("a"))])

    (found,) = counted(json, 10, running=10, removed=[10])

    assert "The exclusions take away everybody" in found.text
    assert not found.can_join


def test_nobody_is_said_to_match():
    assert "Nobody matches" in counted(tree(group(cohort("a"))), 0, running=0)[0].text


def test_a_segment_that_leaves_some_out_is_left_alone():
    assert counted(tree(group(cohort("a"))), 40, running=40) == []
    assert counted(tree(), running=100) == []
