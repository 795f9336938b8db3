"""Trees over every kind of filter, against plain values, while users come, change and go."""

from dataclasses import asdict

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from profiles import integrity
from profiles.buckets import random_bucket
from profiles.facets import changes, current, folding, pages
from profiles.models import Identifier, IdentifierState, Profile
from profiles.tests.backend import BackEnd, alias, customer, user, visitor
from segments import evaluation, explaining
from segments.operators import OPERATORS, Takes
from segments.tests import reference, values
from segments.tests.test_evaluation import _listed, trees
from segments.tests.test_filter_kinds import attribute
from segments.tree import parse

pytestmark = pytest.mark.django_db

TEXTS = ["FR", "fr", "Straße", "STRASSE", "é", "e\u0301", "5", "", "  ", "x" * 600, "x" * 599 + "y"]
NUMBERS = [0, 5, 5.0, -0.5, 2**63 - 1, 2**63 - 2, -(2**62), 0.1, 1e300]
TIMES = ["2026-03-01", "2026-03-01T23:30:00-01:00", "2026-03-02T00:00:00.000001Z", "9999-12-31"]
NAMES = ["a", "b", "country", "email"]
ACTS = ["track", "track", "visitor", "merge", "identify", "delete", "fold"]
PEOPLE = [f"u{number}" for number in range(8)]

items = st.lists(st.sampled_from([*TEXTS[:6], 5, 0.5, True]), max_size=3)
anything = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(TEXTS),
    st.sampled_from(NUMBERS),
    st.sampled_from(TIMES),
    items,
    st.just({"nested": 1}),
)
wanted_texts = st.sampled_from([text for text in TEXTS if text] + ["s", "x"])
GIVEN = {
    Takes.NOTHING: st.just([]),
    Takes.TEXT: st.lists(wanted_texts, min_size=1, max_size=1),
    Takes.TEXTS: st.lists(wanted_texts, min_size=1, max_size=3, unique=True),
    Takes.NUMBER: st.lists(st.sampled_from(NUMBERS[:-1]), min_size=1, max_size=1),
    Takes.TWO_NUMBERS: st.lists(st.sampled_from(NUMBERS[:-1]), min_size=2, max_size=2).map(sorted),
    Takes.TIME: st.lists(st.sampled_from(TIMES), min_size=1, max_size=1),
    Takes.TWO_TIMES: st.lists(st.sampled_from(TIMES[:3]), min_size=2, max_size=2).map(
        lambda times: sorted(times, key=values.moment)
    ),
    Takes.DAY: st.just([TIMES[0]]) | st.just([TIMES[3]]),
    Takes.DAYS: st.lists(st.sampled_from([0, 1, 36_500]), min_size=1, max_size=1),
}


@st.composite
def attribute_filters(draw):
    operator = draw(st.sampled_from(sorted(OPERATORS)))
    name = draw(st.sampled_from(NAMES))
    return attribute(operator, *draw(GIVEN[OPERATORS[operator].takes]), name=name)


other_filters = st.one_of(
    st.sampled_from(["is_identified", "is_anonymous"]).map(
        lambda operator: {"kind": "identity", "operator": operator}
    ),
    st.sampled_from(["between", "not_between"]).map(
        lambda operator: {"kind": "random_bucket", "operator": operator, "values": [2_000, 7_000]}
    ),
    st.sampled_from(["in_the_last_days", "more_than_days_ago", "not_in_the_last_days"]).map(
        lambda operator: {"kind": "created_at", "operator": operator, "values": [1]}
    ),
    st.builds(
        lambda of, operator: of | {"kind": "identifier", "operator": operator},
        st.sampled_from([{"of": "external_id"}, {"of": "device"}, {"of": "alias", "label": "crm"}]),
        st.sampled_from(["has", "has_not"]),
    ),
    st.builds(
        lambda of, operator, ids: (
            of | {"kind": "identifier", "operator": operator, "values": list(ids)}
        ),
        st.sampled_from([{"of": "external_id"}, {"of": "device"}, {"of": "alias", "label": "crm"}]),
        st.sampled_from(["is_any_of", "is_none_of"]),
        st.sets(st.sampled_from([*PEOPLE, "nobody"]), min_size=1, max_size=2).map(sorted),
    ),
)


class World:
    """What is known about users, read plainly."""

    def __init__(self, workspace, now):
        self.now = now
        rows = Profile.objects.filter(workspace=workspace)
        self.users = {profile.pk: profile for profile in rows}
        self.ids = {}
        found = Identifier.objects.filter(workspace=workspace)
        for one in found.exclude(state=IdentifierState.RESERVED):
            self.ids.setdefault(one.profile_id, []).append((one.kind, one.label, one.value))

    def matches(self, user_id, condition):
        profile, operator = self.users[user_id], condition["operator"]
        given_values = condition.get("values", [])
        if condition["kind"] == "identity":
            return (profile.external_id is not None) is (operator == "is_identified")
        if condition["kind"] == "identifier":
            return self._has_id(user_id, condition, given_values)
        value = {
            "attribute": lambda: profile.attributes.get(condition["name"]),
            "random_bucket": lambda: random_bucket(user_id),
            "created_at": lambda: profile.created_at.isoformat(),
        }[condition["kind"]]()
        return values.matches(value, operator, given_values, self.now)

    def _has_id(self, user_id, condition, wanted):
        kind = {"external_id": 1, "alias": 2, "device": 3}[condition["of"]]
        label = condition.get("label", "")
        own = [value for *key, value in self.ids.get(user_id, []) if key == [kind, label]]
        found = any(value in wanted for value in own) if wanted else bool(own)
        return found is (condition["operator"] in ("has", "is_any_of"))


def act(draw, back_end):
    """Something that changes users, or a fold that must change nothing."""
    what = draw(st.sampled_from(ACTS))
    name, other = draw(st.sampled_from(PEOPLE)), draw(st.sampled_from(PEOPLE))
    given_values = draw(st.dictionaries(st.sampled_from(NAMES), anything, max_size=3))
    given_values = {
        key: value
        for key, value in given_values.items()
        if key in ("a", "b") or value is None or isinstance(value, str)
    }
    if what == "track":
        back_end.track(customer(name, *draw(st.sets(st.just(other))), **given_values))
    elif what == "visitor":
        back_end.track(visitor(name, **given_values))
    elif what == "merge":
        back_end.merge((user(name), user(other)))
    elif what == "identify":
        back_end.identify((alias(name), other))
    elif what == "delete":
        back_end.delete(name)
    else:
        folding.fold_all(back_end.workspace.pk)


def play(data, runs, *, steps):
    back_end = BackEnd(f"values-{next(runs)}")
    workspace = back_end.workspace
    back_end.track(*(customer(name, a="FR", b=5) for name in PEOPLE[:3]))
    for _ in range(steps):
        for _ in range(data.draw(st.integers(1, 3))):
            act(data.draw, back_end)
        asked = data.draw(trees(attribute_filters() | other_filters))
        # Nothing in the trees lies within a second of now.
        world = World(workspace, timezone.now())
        expected = reference.reach(asked, set(world.users), {}, {}, world.matches)
        found = asdict(evaluation.reach_of(workspace.pk, parse(asked)))
        listed = {key: _listed(found[key]) for key in ("groups", "exclusions")}
        assert {**expected, **listed} == expected
        assert (found["total"], found["everyone"]) == (expected["total"], expected["everyone"])
        reached = reference.total_set(asked, set(world.users), {}, {}, world.matches)
        for user_id in list(world.users)[:2]:
            told = explaining.explain(workspace.pk, parse(asked), user_id)
            assert told.is_reached is (user_id in reached)
    assert not list(integrity.problems(workspace.pk))


RUNS = iter(range(1_000_000))
SETTINGS = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@settings(max_examples=8, **SETTINGS)
@given(data=st.data())
def test_reach_is_what_plain_values_say_while_users_change(db, data):
    play(data, RUNS, steps=2)


@pytest.mark.long
@settings(max_examples=60, **SETTINGS)
@given(data=st.data())
def test_reach_is_what_plain_values_say_through_many_small_pages(db, data):
    with pytest.MonkeyPatch.context() as patch:
        # So few users fill several pages, and several writes make one fold.
        patch.setattr(pages, "FULL", data.draw(st.sampled_from([1, 2, 3])))
        patch.setattr(folding, "MOST_BYTES", data.draw(st.sampled_from([1, 500])))
        patch.setattr(current, "AT_ONCE", data.draw(st.sampled_from([1, 2, 5_000])))
        patch.setattr(current, "MOST_PICKED", data.draw(st.sampled_from([0, 1, 30])))
        play(data, RUNS, steps=4)


def test_changes_of_attributes_alone_touch_nothing_else(db):
    back_end = BackEnd("acme")
    back_end.track(customer("u1", a="FR"))
    folding.fold_all(back_end.workspace.pk)
    back_end.track(customer("u1", b="ES"))

    (profile_id,) = Profile.objects.values_list("pk", flat=True)
    (lines,) = changes.read(back_end.workspace.pk, [profile_id >> 16]).values()
    assert [line.names for line in lines] == [{"b"}]
