"""What one word a partner's tile shows, and out of what."""

from datetime import timedelta

import pytest
from django.utils import timezone

from partners.health_states import Kind, states
from partners.models import DataImportKey, HourlyFigures, Integration, RequestCount
from tests.factories import make_keys, make_partner, make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme():
    workspace = make_workspace()
    make_keys(workspace, make_partner())
    return workspace


def ago(**time):
    return timezone.now() - timedelta(**time)


def succeeded(workspace, at, calls=1):
    RequestCount.objects.create(
        workspace_id=workspace.pk,
        partner_id=make_partner().pk,
        hour=at.replace(minute=0, second=0, microsecond=0),
        slot=3,
        accepted=calls,
        last_accepted_at=at,
    )


def went_wrong(workspace, at, refused=1, failed=0):
    HourlyFigures.objects.create(
        workspace_id=workspace.pk,
        partner_id=make_partner().pk,
        hour=at.replace(minute=0, second=0, microsecond=0),
        slot=0,
        refused=refused,
        failed=failed,
        last_error_at=at,
    )


def state(workspace):
    return states(workspace)[make_partner().pk]


def test_a_partner_without_a_key_here_has_no_state(acme):
    make_keys(make_workspace("globex"), make_partner("segment"))

    assert set(states(acme)) == {make_partner().pk}


def test_a_partner_that_never_called_is_connected(acme):
    assert state(acme).kind == Kind.CONNECTED


def test_a_partner_that_called_is_receiving(acme):
    succeeded(acme, ago(hours=30))

    assert state(acme).kind == Kind.RECEIVING


@pytest.mark.parametrize(
    ("days", "words"), [(3, "silent for 3 days"), (400, "silent for 400 days")]
)
def test_a_partner_that_stopped_calling_is_silent_for_so_many_days(acme, days, words):
    DataImportKey.objects.update(last_used_at=ago(days=days))

    assert (state(acme).kind, state(acme).words) == (Kind.SILENT, words)


@pytest.mark.parametrize("wrong", [{"refused": 2}, {"refused": 0, "failed": 2}])
def test_a_partner_whose_last_calls_went_wrong_is_failing(acme, wrong):
    succeeded(acme, ago(days=2))
    went_wrong(acme, ago(days=1), **wrong)

    assert state(acme).kind == Kind.FAILING


def test_one_refusal_among_many_calls_is_not_failing(acme):
    at = timezone.now()
    succeeded(acme, at - timedelta(milliseconds=1), calls=10)
    went_wrong(acme, at, refused=1)

    assert state(acme).kind == Kind.RECEIVING


def test_a_call_that_goes_well_ends_failing_at_once(acme):
    at = timezone.now()
    went_wrong(acme, at - timedelta(milliseconds=1), refused=50)
    succeeded(acme, at)

    assert state(acme).kind == Kind.RECEIVING


def test_a_disabled_partner_says_so(acme):
    Integration.objects.update(disabled_at=timezone.now())

    assert state(acme).kind == Kind.DISABLED


def test_what_happens_in_another_workspace_is_no_matter_here(acme):
    globex = make_workspace("globex")
    make_keys(globex, make_partner())
    went_wrong(globex, timezone.now())

    assert state(acme).kind == Kind.CONNECTED
    assert state(globex).kind == Kind.FAILING


def test_many_partners_take_one_query(acme, django_assert_num_queries):
    for slug in ("segment", "census", "heap"):
        make_keys(acme, make_partner(slug))

    with django_assert_num_queries(1):
        assert len(states(acme)) == 4
