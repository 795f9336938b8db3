"""Each operator on attributes that were tracked, before and after they are folded."""

from datetime import timedelta

import pytest
from django.utils import timezone

from common import bitmaps
from profiles.facets import folding
from profiles.models import Profile
from profiles.tests.backend import BackEnd, customer
from segments import evaluation
from segments.tests.test_filter_kinds import attribute
from segments.tests.trees import group, tree
from segments.tree import parse

pytestmark = pytest.mark.django_db

ANSTROM, ANSTROM_APART = "Ångström", "A\u030angstro\u0308m"

VALUES = {
    "upper": "FR",
    "lower": "fr",
    "spaced": "fr ",
    "spanish": "ES",
    "composed": ANSTROM,
    "apart": ANSTROM_APART.upper(),
    "sharp": "STRASSE",
    "empty": "",
    "white": " \t",
    "none": None,
    "zero": 0,
    "five": 5,
    "five_point": 5.0,
    "half": 0.5,
    "minus": -3,
    "huge": 2**63 - 1,
    "huge_less": 2**63 - 2,
    "huge_minus": -(2**63) + 1,
    "enormous": 1e300,
    "text_five": "5",
    "true": True,
    "false": False,
    "day": "2026-03-01",
    "morning": "2026-03-01T08:00:00Z",
    "tokyo": "2026-03-02T08:00:00+09:00",
    "naive": "2026-03-01 23:59:59.999999",
    "next_day": "2026-03-02",
    "no_time": "2026-13-01",
    "list": ["Red", "blue", 5, True],
    "empty_list": [],
    "object": {"a": 1},
}
TEXTS = {"upper", "lower", "spaced", "spanish", "composed", "apart", "sharp", "text_five"}
TIMES = {"day", "morning", "tokyo", "naive", "next_day"}
NUMBERS = {"zero", "five", "five_point", "half", "minus", "huge", "huge_less", "huge_minus"}
NUMBERS = NUMBERS | {"enormous"}
ON_MARCH_1 = {"day", "morning", "tokyo", "naive"}
NOT_BLANK = VALUES.keys() - {"empty", "white", "none", "empty_list"}

CASES = [
    (("is", "Fr"), {"upper", "lower"}),
    (("is", "fr "), {"spaced"}),
    (("is", ANSTROM_APART), {"composed", "apart"}),
    (("is", "straße"), {"sharp"}),
    (("is", "5"), {"text_five"}),
    (("is_any_of", "fr", "es", "zz"), {"upper", "lower", "spanish"}),
    (("starts_with", "F"), {"upper", "lower", "spaced"}),
    (("starts_with", "2026-03-01T"), {"morning"}),
    (("contains", "STRÖ"), {"composed", "apart"}),
    (("contains", "R"), {"upper", "lower", "spaced", "composed", "apart", "sharp"}),
    (("contains", "-01"), {"day", "morning", "naive", "no_time"}),
    (("equals", 5), {"five", "five_point"}),
    (("equals", 2**63 - 1), {"huge"}),
    (("equals", -0.0), {"zero"}),
    (("more_than", 5), {"huge", "huge_less", "enormous"}),
    (("more_than", 2**63 - 2), {"huge", "enormous"}),
    (("less_than", 0), {"minus", "huge_minus"}),
    (("less_than", 0.5), {"zero", "minus", "huge_minus"}),
    (("between", 0, 5), {"zero", "half", "five", "five_point"}),
    (("is_true",), {"true"}),
    (("is_false",), {"false"}),
    (("before", "2026-03-02"), ON_MARCH_1),
    (("before", "2026-03-01T08:00:00Z"), {"day"}),
    (("after", "2026-03-01"), {"next_day"}),
    (("after", "2026-03-01T08:00:00Z"), {"tokyo", "naive", "next_day"}),
    (("on", "2026-03-01"), ON_MARCH_1),
    (("between_times", "2026-03-01T10:00:00+02:00", "2026-03-02"), TIMES - {"day"}),
    (("in_the_last_days", 36_500), TIMES),
    (("in_the_next_days", 36_500), set()),
    (("more_than_days_ago", 36_500), set()),
    (("more_than_days_ago", 1), TIMES),
    (("includes", "red"), {"list"}),
    (("includes", "5", "zz"), {"list"}),
    (("includes", "TRUE"), {"list"}),
    (("is_not_blank",), NOT_BLANK),
]
OPPOSITES = {
    "is": "is_not",
    "is_any_of": "is_none_of",
    "starts_with": "does_not_start_with",
    "contains": "does_not_contain",
    "equals": "does_not_equal",
    "is_true": "is_not_true",
    "is_false": "is_not_false",
    "includes": "does_not_include",
    "is_not_blank": "is_blank",
}


def names_reached(workspace, condition):
    members = evaluation.members_of(workspace.pk, parse(tree(group(condition))))
    users = Profile.objects.filter(pk__in=bitmaps.join(members))
    return set(users.values_list("external_id", flat=True))


@pytest.fixture
def shop():
    back_end = BackEnd("acme")
    back_end.track(*(customer(name, value=value) for name, value in VALUES.items()))
    return back_end.workspace


def test_every_operator_takes_whom_it_should_and_its_opposite_everybody_else(shop):
    for is_folded in (False, True):
        if is_folded:
            folding.fold_all(shop.pk)
        for (operator, *values), expected in CASES:
            found = names_reached(shop, attribute(operator, *values, name="value"))
            assert found == expected, (operator, values, is_folded)
            opposite = OPPOSITES.get(operator, f"not_{operator}")
            found = names_reached(shop, attribute(opposite, *values, name="value"))
            assert found == VALUES.keys() - expected, (opposite, values, is_folded)


def test_the_last_days_count_from_now_and_hold_no_future(shop):
    now = timezone.now()
    back_end = BackEnd("globex")
    ages = {
        "fresh": timedelta(hours=1),
        "old": timedelta(days=7, seconds=60),
        "coming": -timedelta(1),
    }
    back_end.track(*(customer(name, seen_at=(now - age).isoformat()) for name, age in ages.items()))
    workspace = back_end.workspace

    assert names_reached(workspace, attribute("in_the_last_days", 7, name="seen_at")) == {"fresh"}
    assert names_reached(workspace, attribute("more_than_days_ago", 7, name="seen_at")) == {"old"}
    assert names_reached(workspace, attribute("in_the_next_days", 2, name="seen_at")) == {"coming"}


def test_an_attribute_s_name_is_compared_byte_for_byte(shop):
    back_end = BackEnd("globex")
    back_end.track(customer("a", Tier="gold"), customer("b", tier="gold"))

    assert names_reached(back_end.workspace, attribute("is", "GOLD", name="tier")) == {"b"}
