"""Launching: who the audience is at that moment, what is kept of it, and what speaks against it."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone
from pyroaring import BitMap64

from campaigns import launching, results, runner, services, tasks, where_used
from campaigns.audience import control
from campaigns.launching import CannotLaunch, Doubtful
from campaigns.models import Kind, LaunchBlock, Sending, SendingState, State
from campaigns.tests.factories import BY, email, fresh, launched, make_campaign, make_users, sent
from campaigns.tests.mail_server import mail_server
from cohorts import archiving, usage
from cohorts.archiving import CohortInUse
from cohorts.models import Cohort, CohortCursor, Upload
from cohorts.tests.factories import Connector, apply_all
from common.bitmaps import join
from profiles.models import Profile
from segments import services as segment_services
from segments.tree import parse
from tests.factories import make_workspace
from workspaces.models import AuditEntry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tinyclues():
    return Connector()


@pytest.fixture
def mailbox():
    with mail_server() as mailbox:
        yield mailbox


def cohort_filter(*cohort_ids):
    return {
        "version": 1,
        "groups": [
            {
                "filters": [
                    {
                        "kind": "cohort",
                        "partner": "tinyclues",
                        "operator": "includes",
                        "cohorts": list(cohort_ids),
                    }
                ]
            }
        ],
    }


def make_segment(name, *cohort_ids):
    return segment_services.create(
        make_workspace(), name=name, filters=parse(cohort_filter(*cohort_ids)), by=BY
    )


def names(profile_ids):
    return set(
        Profile.objects.filter(pk__in=list(profile_ids)).values_list("external_id", flat=True)
    )


def kept(launch, cohort_id=LaunchBlock.AUDIENCE):
    rows = launch.blocks.filter(cohort_id=cohort_id)
    return names(join((row.number, row.members) for row in rows))


def uploaded(tinyclues, **members):
    for cohort_id, users in members.items():
        tinyclues.add(*users, cohort_id=cohort_id)
    apply_all()


def test_all_segments_and_the_additional_filters_must_match(tinyclues):
    make_users("ana", "bob", "cleo", "dan")
    uploaded(tinyclues, spring=["ana", "bob", "cleo"], summer=["ana", "bob"], buyers=["ana", "dan"])
    spring, summer = make_segment("Spring", "spring"), make_segment("Summer", "summer")

    campaign = make_campaign(segments=[spring.pk, summer.pk], filters=cohort_filter("buyers"))
    launch = launching.launch(campaign, by=BY)

    assert kept(launch) == {"ana"}
    assert (launch.audience_size, launch.control_size) == (1, 0)


def test_a_launch_keeps_what_it_rested_on_and_later_changes_don_t_reach_it(tinyclues):
    make_users("ana", "bob")
    uploaded(tinyclues, spring=["ana"])
    segment = make_segment("Spring", "spring")
    launch = launching.launch(make_campaign(segments=[segment.pk]), by=BY)

    uploaded(tinyclues, spring=["bob"])
    segment_services.update(segment, name="Renamed", by=BY)

    launch = fresh(launch)
    assert kept(launch) == {"ana"}
    assert launch.segments[str(segment.pk)]["name"] == "Spring"
    (state,) = launch.cohorts.values()
    assert (state["cohort_id"], state["size"]) == ("spring", 1)
    entry = AuditEntry.objects.get(action="campaign.launched")
    assert entry.details["audience"] == 1


def test_a_control_group_is_held_out_and_the_rest_is_sent_to(mailbox):
    make_users(*(f"user{number}" for number in range(60)))
    campaign = make_campaign(control_percent=50)
    sending = sent(launched(campaign))
    launch = sending.launch

    held_out = kept(launch, LaunchBlock.CONTROL)
    assert held_out | kept(launch) == {f"user{number}" for number in range(60)}
    assert 10 < len(held_out) < 50
    assert launch.control_size == len(held_out)
    assert set(mailbox.copies) == {f"{name}@example.com" for name in kept(launch)}


def test_another_campaign_holds_other_people_out():
    everyone = BitMap64(range(1, 2_001))
    one, other = (control(uuid4(), 10, everyone) for _ in range(2))

    assert 120 < len(one) < 280
    assert len(one & other) < 80


def test_an_empty_audience_isn_t_launched(tinyclues):
    make_users("ana")
    tinyclues.name(cohort_id="spring")
    campaign = make_campaign(filters=cohort_filter("spring"))

    with pytest.raises(CannotLaunch):
        launching.launch(campaign, by=BY, confirmed=True)
    assert fresh(campaign).state == State.DRAFT


def test_a_campaign_is_launched_once():
    make_users("ana")
    campaign = make_campaign()
    launching.launch(campaign, by=BY)

    with pytest.raises(CannotLaunch):
        launching.launch(fresh(campaign), by=BY)
    with pytest.raises(CannotLaunch):
        launching.launch(campaign, by=BY)  # somebody who looks at how it was
    assert Sending.objects.count() == 1


def test_a_cohort_that_shrank_sharply_since_the_draft_needs_a_word(tinyclues):
    make_users("ana", "bob", "cleo")
    uploaded(tinyclues, spring=["ana", "bob", "cleo"])
    campaign = make_campaign(filters=cohort_filter("spring"))
    tinyclues.remove("ana", "bob", cohort_id="spring")
    apply_all()

    with pytest.raises(Doubtful) as refused:
        launching.launch(campaign, by=BY)

    assert "shrank from 3 to 1" in str(refused.value)
    assert launching.launch(campaign, by=BY, confirmed=True).audience_size == 1


def silent_for(days, *pauses):
    """The cohort's uploads came so many days apart, the last so many days ago."""
    at = timezone.now() - timedelta(days=days)
    CohortCursor.objects.update(last_applied_at=at)
    for upload, back in zip(Upload.objects.order_by("-sequence"), (0, *pauses), strict=True):
        at -= timedelta(days=back)
        Upload.objects.filter(pk=upload.pk).update(received_at=at)


@pytest.mark.parametrize(("days", "doubted"), [(2, False), (4, True)])
def test_a_cohort_later_than_three_times_its_rhythm_needs_a_word(tinyclues, days, doubted):
    make_users("ana", "bob", "cleo")
    for name in ("ana", "bob", "cleo"):
        uploaded(tinyclues, spring=[name])
    silent_for(days, 1, 1)
    campaign = make_campaign(filters=cohort_filter("spring"))

    if doubted:
        with pytest.raises(Doubtful, match="usually is every"):
            launching.launch(campaign, by=BY)
    else:
        launching.launch(campaign, by=BY)


@pytest.mark.parametrize(("days", "doubted"), [(6, False), (8, True)])
def test_a_cohort_without_a_rhythm_is_late_after_a_week(tinyclues, days, doubted):
    make_users("ana")
    uploaded(tinyclues, spring=["ana"])
    silent_for(days)
    campaign = make_campaign(filters=cohort_filter("spring"))

    if doubted:
        with pytest.raises(Doubtful, match="export it again"):
            launching.launch(campaign, by=BY)
    else:
        launching.launch(campaign, by=BY)


def test_a_scheduled_campaign_is_launched_at_its_time(mailbox):
    make_users("ana")
    campaign = make_campaign()
    services.schedule(campaign, timezone.now() + timedelta(hours=1), by=BY)

    runner.launch_due(campaign.pk)
    assert fresh(campaign).state == State.SCHEDULED

    type(campaign).objects.update(scheduled_at=timezone.now() - timedelta(seconds=1))
    runner.launch_due(campaign.pk)
    runner.launch_due(campaign.pk)
    sending = Sending.objects.get()
    tasks.begin(str(sending.pk))
    tasks.begin(str(sending.pk))
    sent(sending)
    assert mailbox.copies == {"ana@example.com": 1}


def test_what_can_t_be_launched_at_its_time_is_a_draft_again_and_says_why(tinyclues):
    make_users("ana")
    tinyclues.name(cohort_id="spring")
    campaign = make_campaign(filters=cohort_filter("spring"))
    services.schedule(campaign, timezone.now() + timedelta(hours=1), by=BY)
    type(campaign).objects.update(scheduled_at=timezone.now() - timedelta(seconds=1))

    runner.launch_due(campaign.pk)

    campaign = fresh(campaign)
    assert campaign.state == State.DRAFT
    assert "never received anybody" in campaign.problem


def test_a_canvas_moves_people_from_step_to_step_on_time_and_respects_who_left(mailbox):
    shop = make_users("ana", "bob")
    campaign = make_campaign(
        email(subject="One"), email(subject="Two", delay_seconds=3600), kind=Kind.CANVAS
    )
    first = sent(launched(campaign))
    later = Sending.objects.exclude(pk=first.pk).get()

    assert later.due_at == first.due_at + timedelta(hours=1)
    assert fresh(campaign).state == State.SENDING
    shop.track({"external_id": "bob", "email_subscribe": "unsubscribed"})
    make_users("cleo")  # who wasn't there when people entered
    tasks.begin(str(later.pk))
    sent(later)

    assert sorted(str(message["Subject"]) for message in mailbox.messages) == ["One", "One", "Two"]
    assert mailbox.copies == {"ana@example.com": 2, "bob@example.com": 1}
    assert fresh(campaign).state == State.SENT


def test_pausing_a_canvas_pauses_the_steps_that_are_still_to_come():
    make_users("ana")
    campaign = make_campaign(email(), email(delay_seconds=3600), kind=Kind.CANVAS)
    launched(campaign)

    services.pause(campaign, by=BY)
    assert set(Sending.objects.values_list("state", flat=True)) == {SendingState.PAUSED}

    services.resume(campaign, by=BY)
    states = Sending.objects.order_by("due_at").values_list("state", flat=True)
    assert list(states) == [SendingState.SENDING, SendingState.WAITING]


def test_a_segment_that_a_campaign_targets_can_t_be_archived(tinyclues):
    make_users("ana")
    uploaded(tinyclues, spring=["ana"])
    segment = make_segment("Spring", "spring")
    make_campaign(segments=[segment.pk], filters=cohort_filter("spring"))

    with pytest.raises(segment_services.SegmentInUse, match="Spring is used by"):
        segment_services.archive(segment, by=BY)
    cohort = Cohort.objects.get()
    (use,) = where_used.of_cohorts(segment.workspace_id, [cohort])[cohort.pk]
    assert use.name == "Spring"


def test_a_cohort_says_through_which_segments_campaigns_reach_it(tinyclues):
    make_users("ana")
    uploaded(tinyclues, spring=["ana"], summer=["ana"])
    inner = make_segment("Inner", "spring")
    inside = {"kind": "segment", "operator": "includes", "segment": str(inner.pk)}
    outer = segment_services.create(
        inner.workspace,
        name="Outer",
        filters=parse({"version": 1, "groups": [{"filters": [inside]}]}),
        by=BY,
    )
    make_campaign(name="Nested", segments=[outer.pk])
    make_campaign(name="Both", segments=[inner.pk, outer.pk])
    make_campaign(name="Direct", segments=[inner.pk], filters=cohort_filter("spring"))
    spring, summer = Cohort.objects.order_by("external_id")

    found = usage.uses(inner.workspace_id, [spring, summer])

    assert [(use.kind, use.name, use.through) for use in found[spring.pk]] == [
        ("segment", "Inner", ()),
        ("Campaign", "Direct", ()),
        ("Campaign", "Both", ("Inner", "Outer")),
        ("Campaign", "Nested", ("Outer",)),
    ]
    assert found[summer.pk] == []
    with pytest.raises(CohortInUse) as refused:
        archiving.archive(spring, by=BY)
    assert str(refused.value).endswith("it is used by segment Inner, Campaign Direct.")


def test_results_count_everyone_once_whole_and_by_cohort(tinyclues, mailbox):
    shop = make_users("ana", "bob", "cleo")
    uploaded(tinyclues, spring=["ana", "bob"], summer=["bob", "cleo"])
    shop.track({"external_id": "cleo", "email_subscribe": "unsubscribed"})
    mailbox.refuse["bob@example.com"] = "550 No"
    sending = sent(launched(make_campaign(filters=cohort_filter("spring", "summer"))))

    whole = results.of_sending(sending)
    assert (whole.recipients, whole.sent, whole.failed, whole.left_out) == (3, 1, 1, 1)
    assert whole.reasons == {"unsubscribed": 1, "recipient_refused": 1}
    parts = {
        sending.launch.cohorts[key]["cohort_id"]: (part.recipients, part.sent, part.failed)
        for key, part in results.by_cohort(sending.launch, [sending])[sending.pk].items()
    }
    assert parts == {"spring": (2, 1, 1), "summer": (2, 0, 1)}

    mailbox.refuse.clear()
    services.resend(sending, ["failed"], by=BY)
    again = results.of_sending(sent(sending))
    assert (again.recipients, again.sent, again.failed, again.left_out) == (3, 2, 0, 1)
