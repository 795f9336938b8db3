"""What stands beside the form: reach as it is edited, and somebody looked up."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.formats import date_format

from cohorts.models import CohortCursor, CohortHead
from cohorts.tests.factories import Connector, apply_all, make_users
from profiles.tests.backend import BackEnd, user
from segments.tests.builder_form import LIST, form, make_segment, row, shown
from segments.tests.trees import know, make_cohort

# --- Live ------------------------------------------------------------------------------


def test_the_reach_follows_the_form_as_it_is_edited(olga, acme):
    know(acme, *range(4000))
    make_cohort(acme, "spring", range(1000))
    made = make_segment(acme)

    for path in (f"{LIST}reach/", f"{LIST}{made.pk}/reach/"):
        live = shown(olga.post(path, form(row("g0-r0", "spring"), row("g0-r1"))))

        assert '<p class="segment-total">1,000</p>' in live
        assert "25.0 % of 4,000 users" in live
        assert '<p id="g0-r0-count" class="segment-count" data-live><span><b>1,000</b>' in live
        assert "<form" not in live


def test_filters_that_change_nothing_are_pointed_out(olga, acme):
    know(acme, 1)
    make_cohort(acme, "spring")

    live = olga.post(f"{LIST}reach/", form(row("g0-r0", "spring", operator="does_not_include")))

    assert "These filters leave nobody out." in shown(live)


def test_an_edit_costs_the_same_queries_however_many_filters_there_are(
    olga, acme, django_assert_num_queries
):
    know(acme, *range(100))
    for number in range(20):
        make_cohort(acme, f"c{number}", [number])

    def edit(filters):
        rows = (row(f"g0-r{number}", f"c{number}") for number in range(filters))
        return shown(olga.post(f"{LIST}reach/", form(*rows, live="1", **{"g0-match": "any"})))

    edit(20)

    # Session, person, workspaces; cohorts; known; what is asked of users, where it is found and
    # what isn't folded yet; members; how far uploads are applied.
    with django_assert_num_queries(9):
        assert '<p class="segment-total">20</p>' in edit(20)
    with django_assert_num_queries(9):
        assert '<p class="segment-total">1</p>' in edit(1)


def test_the_panel_says_who_can_be_written_to_and_why_the_rest_cant(olga, acme):
    BackEnd().track(
        user("ann") | {"email": "ann@example.com"},
        user("bob") | {"email": "bob@example.com", "email_subscribe": "unsubscribed"},
        user("cem"),
    )

    live = shown(olga.post(f"{LIST}reach/", form()))

    assert "<b>1</b> <span>1 has no address</span> <span>1 unsubscribed</span>" in live
    assert "3 have no device" in live


def test_the_panel_says_how_old_the_data_is_and_what_is_still_to_come(olga, acme):
    made = make_cohort(acme, "spring", name="Spring")
    applied_at = timezone.now() - timedelta(days=3)
    CohortHead.objects.create(cohort=made, sequence=7, last_received_at=applied_at)
    CohortCursor.objects.create(cohort=made, sequence=5, last_applied_at=applied_at)

    live = shown(olga.post(f"{LIST}reach/", form(row("g0-r0", "spring"))))

    assert "3 days ago" in live
    assert "2 uploads are still to be applied." in live
    assert "Spring is still receiving: its number will change." in live


@pytest.mark.parametrize(
    ("cohort_is", "cursor_is", "said"),
    [
        ({"archived_at": timezone.now()}, {}, "Spring is archived"),
        ({}, {"parked_at": timezone.now()}, "Spring is parked"),
    ],
)
def test_a_cohort_whose_number_stands_still_is_pointed_out(olga, acme, cohort_is, cursor_is, said):
    made = make_cohort(acme, "spring", name="Spring", **cohort_is)
    CohortHead.objects.create(cohort=made)
    CohortCursor.objects.create(cohort=made, **cursor_is)

    live = shown(olga.post(f"{LIST}reach/", form(row("g0-r0", "spring"))))

    assert said in live
    assert "still receiving" not in live


# --- Looking somebody up ---------------------------------------------------------------


def test_a_user_is_looked_up_and_each_filter_says_whether_it_matches(olga, acme):
    make_cohort(acme, "spring", make_users(acme, ["ann"]).values(), name="Spring")
    make_cohort(acme, "summer", name="Summer")
    rows = row("g0-r0", "spring"), row("g0-r1", "summer")

    live = shown(olga.post(f"{LIST}reach/", form(*rows, lookup=" ann ")))

    assert "ann</a> isn’t reached." in live
    assert "<b>Matches ann</b> Spring" in live
    assert "<b>Doesn’t match ann</b> In none of these cohorts" in live


def test_a_cohort_says_since_when_and_by_which_upload_the_user_is_in_it(olga, acme):
    tinyclues = Connector("acme")
    make_users(acme, ["ann", "bob"])
    for name in ("spring", "summer"):
        tinyclues.name(name, name.capitalize())
        tinyclues.add("bob", cohort_id=name)
    tinyclues.add("ann", "bob", cohort_id="spring")
    apply_all()

    def look_up(text):
        chosen = row("g0-r0", "spring", "summer")
        return shown(olga.post(f"{LIST}reach/", form(chosen, lookup=text)))

    today = date_format(timezone.localtime(), "DATE_FORMAT")
    assert f"<b>Matches ann</b> Spring (since {today}, upload 2)" in look_up("ann")
    assert (
        f"<b>Matches bob</b> Spring (since {today}, upload 1),"
        f" Summer (since {today}, upload 1)" in look_up("bob")
    )


def test_looking_up_nobody_says_how_ids_are_written(olga, acme, globex):
    make_users(globex, ["gus"])

    for text in ("gus", "\0", "a:b:c"):
        live = shown(olga.post(f"{LIST}reach/", form(lookup=text)))
        assert "Nobody has this. An alias is written as label:name" in live
