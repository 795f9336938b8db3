import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.attributes import Patch
from profiles.steps import Edit, Increase, Misfit

WHOLE = st.integers(-3, 3)
LISTS = st.lists(WHOLE, max_size=3, unique=True)
STEPS = st.builds(Increase, WHOLE) | st.builds(
    Edit, added=LISTS.map(tuple), removed=LISTS.map(tuple)
)
CHANGES = st.lists(st.tuples(st.sampled_from("abc"), st.none() | WHOLE | LISTS | STEPS), max_size=6)
STORED = st.dictionaries(st.sampled_from("abc"), WHOLE | LISTS)


def patch_of(changes):
    patch = Patch()
    for name, value in changes:
        patch.put(name, value)
    return patch


def asked(patch):
    """What a patch will do; a step that a later value replaced is reported or not."""
    return patch.values, patch.removed, patch.steps


def applied(patch, attributes):
    patch.settle(attributes)
    assert not patch.steps
    return {k: v for k, v in attributes.items() if k not in patch.removed} | patch.values


def one_by_one(changes, attributes):
    for change in changes:
        attributes = applied(patch_of([change]), attributes)
    return attributes


@given(CHANGES, CHANGES)
def test_two_patches_in_one_do_what_they_do_one_after_the_other(first, second):
    assert asked(patch_of(first).then(patch_of(second))) == asked(patch_of(first + second))


@given(STORED, CHANGES)
def test_changes_in_one_patch_do_what_they_do_one_by_one(attributes, changes):
    assert applied(patch_of(changes), attributes) == one_by_one(changes, attributes)


@given(CHANGES, CHANGES)
def test_putting_patches_together_leaves_both_as_they_were(first, second):
    earlier, later = patch_of(first), patch_of(second)

    earlier.then(later).settle({})

    assert (earlier, later) == (patch_of(first), patch_of(second))


@pytest.mark.parametrize(
    ("step", "before", "after"),
    [
        (Increase(2), None, 2),
        (Increase(-2), 1, -1),
        (Edit(("c",), ()), ["a", "b"], ["a", "b", "c"]),
        (Edit(("a",), ()), ["a", "b"], ["b", "a"]),
        (Edit(("a", "a"), ()), None, ["a"]),
        (Edit((), ("a", "c")), ["a", "b"], ["b"]),
        (Edit((), ("a",)), ["a"], []),
        (Edit((), ("a",)), None, None),
        (Edit(("c",), ("a",)), ["a", "b"], ["b", "c"]),
        (Edit(("a",), ("a",)), ["a", "b"], ["b", "a"]),
        (Edit((), (1,)), [True, 1, "1"], [True, "1"]),
        (Edit(({"a": 1, "b": 2},), ()), [{"b": 2, "a": 1}, "c"], ["c", {"a": 1, "b": 2}]),
    ],
)
def test_what_a_step_makes_of_a_value(step, before, after):
    assert step.taken(before) == after


@pytest.mark.parametrize(
    ("step", "value"),
    [
        (Increase(1), "1"),
        (Increase(1), 1.5),
        (Increase(1), True),
        (Increase(1), 2**63 - 1),
        (Edit(("a",), ()), "a"),
        (Edit((), ("a",)), {"a": 1}),
        (Edit(("a",), ()), list(range(500))),
    ],
)
def test_a_step_that_does_not_fit_the_value_is_left_out_and_says_why(step, value):
    with pytest.raises(Misfit) as misfit:
        step.taken(value)

    patch = patch_of([("a", step)])
    assert applied(patch, {"a": value}) == {"a": value}
    assert patch.left_out == {step: str(misfit.value)}
