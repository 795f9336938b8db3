"""The match rate's figures: of the ids added, those that named a user, by the hour."""

import pytest
from django.db import connection
from django.db.models import Sum

from cohorts import matching
from cohorts.models import Upload
from cohorts.tests.factories import (
    accept,
    adds,
    alias,
    apply_all,
    make_anonymous,
    make_cohort,
    make_users,
    name_user,
    removes,
)
from partners.models import HourlyFigures
from profiles.models import IdentifierKind
from tests.factories import make_workspace


@pytest.fixture
def acme(db):
    return make_workspace("acme")


@pytest.fixture
def spring(acme):
    return make_cohort(acme)


def figures(**which):
    found = HourlyFigures.objects.filter(**which)
    sums = found.aggregate(added=Sum("ids_added"), matched=Sum("ids_matched"))
    return sums["added"], sums["matched"]


def applied(cohort, *objects):
    accept(cohort, *objects)
    apply_all()


def test_a_user_matches_whether_new_to_the_cohort_or_in_it_already(acme, spring):
    make_users(acme, ["ana", "bob"])

    applied(spring, adds("ana", "nobody"))
    applied(spring, adds("ana", "bob"))

    assert figures() == (4, 3)


def test_an_id_that_waits_does_not_match_however_often_it_is_added(spring):
    applied(spring, adds("new"))
    applied(spring, adds("new"))

    assert figures() == (2, 0)


def test_a_device_of_an_identified_user_does_not_match(acme, spring):
    anonymous = make_anonymous(acme)
    name_user(anonymous, IdentifierKind.DEVICE, "phone")
    name_user(anonymous, IdentifierKind.ALIAS, "7", label="crm")
    make_users(acme, ["ana"])
    ana = type(anonymous).objects.get(external_id="ana")
    name_user(ana, IdentifierKind.DEVICE, "tablet")

    applied(spring, {"device_ids": ["phone", "tablet"], "aliases": [alias("crm", "7")]})

    assert figures() == (3, 2)


def test_removes_are_no_matter_of_matching(acme, spring):
    make_users(acme, ["ana"])

    applied(spring, removes("ana", "nobody"))

    assert not HourlyFigures.objects.exists()


def test_ids_count_in_the_hour_in_which_they_came(acme, spring):
    make_users(acme, ["ana"])
    accept(spring, adds("ana", "nobody"))
    accept(spring, adds("ana"))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE cohorts_upload SET received_at = received_at - interval '3 hours'"
            " WHERE sequence = 1"
        )

    apply_all()

    early, late = HourlyFigures.objects.order_by("hour")
    assert (early.ids_added, early.ids_matched) == (2, 1)
    assert (late.ids_added, late.ids_matched) == (1, 1)
    assert early.hour <= Upload.objects.get(sequence=1).received_at


def test_each_workspace_and_partner_has_figures_of_its_own(acme, spring):
    applied(spring, adds("a"))
    applied(make_cohort(acme, partner="segment"), adds("a", "b"))
    applied(make_cohort(make_workspace("globex")), adds("a", "b", "c"))

    assert figures(workspace_id=acme.pk, partner_id=spring.partner_id) == (1, 0)
    assert figures(workspace_id=acme.pk) == (3, 0)
    assert figures() == (6, 0)


def test_cohorts_spread_over_rows_that_calls_do_not_use(acme):
    for number in range(matching.SLOTS * 2):
        applied(make_cohort(acme, f"cohort {number}"), adds("a"))

    slots = set(HourlyFigures.objects.values_list("slot", flat=True))
    assert slots == set(range(1, matching.SLOTS + 1))
    assert figures() == (matching.SLOTS * 2, 0)
