"""The figures of health: what each call and each id counts as, and in which hour."""

from datetime import timedelta

import pytest
from django.utils import timezone

from cohorts.tests.factories import Connector, adds, apply_all, make_users, removes
from partners import health
from partners.health import Span
from partners.models import RequestCount
from partners.request_log import journal
from partners.request_log_writer import write_down

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_noted():
    journal.start_over()


@pytest.fixture
def tinyclues():
    return Connector("acme", "tinyclues")


def read(connector, span=Span.TWO_DAYS):
    write_down()
    return health.read(connector.workspace.pk, connector.partner.pk, span)


def test_a_call_counts_by_its_answer(tinyclues):
    tinyclues.name()
    tinyclues.add("ana", "bob")
    tinyclues.change([])
    tinyclues.change("none")
    tinyclues.post("cohorts/nowhere", {})

    total = read(tinyclues).total

    assert (total.accepted, total.refused, total.failed) == (3, 2, 0)
    assert (total.requests, total.errors) == (5, 2)
    assert total.ids == 2
    assert timezone.now() - total.last_good_at < timedelta(minutes=1)
    assert timezone.now() - total.last_error_at < timedelta(minutes=1)


def test_the_match_rate_is_of_the_ids_that_applied_uploads_added(tinyclues):
    make_users(tinyclues.workspace, ["ana", "bob", "cas"])
    tinyclues.change([adds("ana", "bob", "cas", "nobody"), removes("ana")])
    assert read(tinyclues).total.match_rate is None

    apply_all()

    total = read(tinyclues).total
    assert (total.added, total.matched, total.match_rate) == (4, 3, 75.0)


def test_every_hour_of_the_span_is_there_and_the_quiet_ones_are_left_out_of_the_table(tinyclues):
    tinyclues.add("ana")
    RequestCount.objects.create(
        workspace_id=tinyclues.workspace.pk,
        partner_id=tinyclues.partner.pk,
        hour=timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=60),
        slot=3,
        accepted=7,
    )

    two_days, week = read(tinyclues), read(tinyclues, Span.A_WEEK)

    assert (len(two_days.hours), len(week.hours)) == (48, 168)
    assert all(
        later.at - hour.at == timedelta(hours=1)
        for hour, later in zip(week.hours, week.hours[1:], strict=False)
    )
    assert [hour.requests for hour in two_days.busy] == [1]
    assert [hour.requests for hour in week.busy] == [1, 7]


def test_another_workspace_and_another_partner_count_for_themselves(tinyclues):
    tinyclues.add("ana")
    Connector("globex", "tinyclues").add("zoe")
    Connector("acme", "segment").change("none")

    assert read(tinyclues).total.requests == 1


def test_it_is_one_query_whatever_the_span(tinyclues, django_assert_num_queries):
    tinyclues.add("ana")

    with django_assert_num_queries(1):
        found = health.read(tinyclues.workspace.pk, tinyclues.partner.pk, Span.A_WEEK)

    assert found.total.requests == 1
