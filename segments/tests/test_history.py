"""How segments' sizes developed, and what caused each step."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone

from cohorts import syncs
from cohorts.models import Cohort, CohortCursor, CohortHead
from cohorts.tests.factories import Connector, apply_all, make_users
from segments import history, services, thinning, watching
from segments.models import Cause, Segment, SizeStep
from segments.tests.trees import cohort, group, know, segment, tree, without
from segments.tree import parse
from tests.factories import BY, make_workspace

DAY = timedelta(days=1)


def make_segment(workspace, name="Buyers", filters=None):
    return services.create(workspace, name=name, filters=parse(filters or tree()), by=BY)


def steps(made):
    rows = SizeStep.objects.filter(segment=made).order_by("at", "pk")
    return [(step.cause, step.size) for step in rows]


def watch():
    watching.watch(seconds=60)


def pass_time(seconds):
    """What the partners sent was sent so much earlier."""
    past = timedelta(seconds=seconds)
    CohortHead.objects.update(last_received_at=F("last_received_at") - past)
    CohortCursor.objects.update(last_applied_at=F("last_applied_at") - past)


@pytest.fixture
def tinyclues(acme):
    """A connector whose cohorts hold users that there are."""
    make_users(acme, ["ana", "bob", "cid"])
    return Connector("acme")


@pytest.fixture
def watched(tinyclues, acme):
    """A segment on the cohort spring, counted empty; uploads from now on are news."""
    tinyclues.change([])
    tinyclues.name()
    made = make_segment(acme, filters=tree(group(cohort("spring"))))
    watch()
    assert steps(made) == [("edit", 0)]
    return made


# --- Edits -----------------------------------------------------------------------------


def test_saving_filters_counts_at_once(acme, django_capture_on_commit_callbacks):
    know(acme, 1, 2)
    with django_capture_on_commit_callbacks(execute=True):
        made = make_segment(acme)

    assert steps(made) == [("edit", 2)]
    with django_capture_on_commit_callbacks(execute=True):
        services.rename(made, name="Others", by=BY)
    assert steps(made) == [("edit", 2)]


def test_an_edit_that_wasnt_counted_when_it_was_saved_is_made_up_for_once(acme):
    know(acme, 1, 2)
    made = make_segment(acme)
    services.rename(made, name="Others", by=BY)

    watch()
    watch()

    assert steps(made) == [("edit", 2)]
    step = SizeStep.objects.get()
    assert step.version == 1


def test_an_archived_segment_isnt_counted(acme):
    made = make_segment(acme)
    services.archive(made, by=BY)

    watch()

    assert steps(made) == []


# --- Syncs -----------------------------------------------------------------------------


def test_a_sync_that_changed_a_segment_is_a_step_once_it_has_ended(tinyclues, watched):
    tinyclues.add("ana")
    tinyclues.add("bob")
    watch()
    apply_all()
    watch()
    assert steps(watched) == [("edit", 0)], "more may come within a minute"

    pass_time(seconds=syncs.QUIET.seconds)
    watch()
    watch()

    assert steps(watched) == [("edit", 0), ("sync", 2)]
    (step,) = SizeStep.objects.filter(cause=Cause.SYNC)
    assert step.cohort_ids == [Cohort.objects.get().pk]


def test_a_sync_isnt_over_while_anything_of_it_is_still_to_be_applied(tinyclues, watched):
    tinyclues.add("ana")
    apply_all()
    tinyclues.add("bob")
    pass_time(seconds=3600)

    watch()
    assert steps(watched) == [("edit", 0)]

    apply_all()
    watch()
    assert steps(watched) == [("edit", 0), ("sync", 2)]


def test_a_sync_that_changed_nothing_leaves_no_step(tinyclues, watched):
    tinyclues.add("somebody nobody knows")
    apply_all()
    pass_time(seconds=60)

    watch()

    assert steps(watched) == [("edit", 0)]


def test_segments_made_of_segments_change_with_them_and_others_are_left_alone(
    tinyclues, watched, acme
):
    outer = make_segment(acme, "Outer", tree(group(segment(watched))))
    outermost = make_segment(acme, "Outermost", tree(exclusions=[group(segment(outer))]))
    tinyclues.name(cohort_id="summer")
    other = make_segment(acme, "Other", tree(group(without("summer"))))
    watch()

    tinyclues.add("ana")
    apply_all()
    pass_time(seconds=60)
    watch()

    assert steps(outer)[-1] == ("sync", 1)
    assert steps(outermost)[-1] == ("sync", 2)
    assert steps(other) == [("edit", 3)]


def test_looking_again_when_nothing_happened_takes_few_queries(
    tinyclues, watched, django_assert_max_num_queries
):
    # Workspaces; the claim and its limit, twice; segments not noted, not counted today; where
    # we stood; syncs.
    with django_assert_max_num_queries(9):
        watch()


# --- Days ------------------------------------------------------------------------------


def test_each_day_begins_with_a_count(acme):
    know(acme, 1)
    made = make_segment(acme)
    watch()
    SizeStep.objects.update(at=F("at") - DAY)
    know(acme, 2)

    watch()
    watch()

    assert steps(made) == [("edit", 1), ("day", 2)]


def test_a_segment_that_cant_be_evaluated_keeps_no_other_from_being_counted(acme):
    broken = make_segment(acme, "Broken")
    Segment.objects.filter(pk=broken.pk).update(filters={"version": 99})
    made = make_segment(acme)

    watch()

    assert steps(broken) == []
    assert steps(made) == [("edit", 0)]


# --- Reading ---------------------------------------------------------------------------


def test_steps_say_what_caused_them(tinyclues, watched):
    tinyclues.add("ana", "bob")
    apply_all()
    pass_time(seconds=60)
    watch()

    first, second = history.steps_of(watched, since=timezone.now() - DAY)

    assert (first.change, first.by, first.cohorts) == (None, BY, [])
    assert (second.change, second.by, second.cohorts) == (2, "", ["Spring buyers"])


def note(made, at, size, **others):
    SizeStep.objects.create(segment=made, at=at, size=size, cause=Cause.DAY, **others)


def test_a_series_has_the_size_as_it_was_at_the_same_time_of_each_day(acme):
    made = make_segment(acme)
    noon = datetime(2026, 3, 10, 12, tzinfo=UTC)
    note(made, noon - 3 * DAY, 10)
    note(made, noon - 2 * DAY + timedelta(hours=1), 20)
    note(made, noon, 30)
    note(made, noon + timedelta(hours=1), 40)

    found = history.series(made, length=6, ending_at=noon)

    assert found == [(noon - 3 * DAY, 10), (noon - 2 * DAY, 10), (noon - DAY, 20), (noon, 30)]
    assert history.series(made, length=1, ending_at=noon - DAY) == [(noon - DAY, 20)]
    assert history.series(made, length=2, ending_at=noon - 9 * DAY) == []


def test_thinning_leaves_a_step_a_day_then_a_week_and_every_edit(acme):
    made = make_segment(acme)
    now = timezone.now()
    recent = now.replace(hour=0, minute=0, second=0, microsecond=0)
    month_ago = recent - 40 * DAY
    long_ago = recent - 700 * DAY
    monday = long_ago - long_ago.weekday() * DAY
    for size, at in enumerate((recent, month_ago, monday, monday + DAY)):
        for hour in (1, 2):
            note(made, at - timedelta(hours=hour) + DAY, 10 * size + hour)
    note(made, month_ago + timedelta(hours=1), 99, version=7)

    assert thinning.thin() == 4
    assert thinning.thin() == 0

    kept = sorted(SizeStep.objects.values_list("size", flat=True))
    assert kept == [1, 2, 11, 31, 99]


@pytest.mark.django_db(transaction=True)
def test_two_watchers_at_once_count_nothing_twice():
    acme = make_workspace("acme")
    for number in range(20):
        make_segment(acme, f"Segment {number}")
    SizeStep.objects.update(at=F("at") - DAY)
    barrier = threading.Barrier(3)

    def look():
        try:
            barrier.wait()
            watch()
        finally:
            connection.close()

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    watch()

    assert [steps(made) for made in Segment.objects.all()] == [[("edit", 0), ("day", 0)]] * 20
