"""A parked cohort's page offers to retry it or to skip what parked it, and notes who did."""

import pytest
from django.urls import reverse
from django.utils import timezone

from cohorts.models import CohortCursor, Upload
from cohorts.tests.factories import accept, adds, apply_all, make_cohort, make_users
from tests.factories import make_member, make_operator, make_workspace
from workspaces.models import AuditEntry
from workspaces.roles import Role

pytestmark = pytest.mark.django_db

CONFIRMED = {"_form_submitted": "on"}


@pytest.fixture
def acme(client):
    workspace = make_workspace()
    client.force_login(make_operator())
    return workspace


@pytest.fixture
def parked(acme):
    make_users(acme, ["ann", "bob"])
    cohort = make_cohort(acme)
    accept(cohort, adds("ann"))
    accept(cohort, adds("bob"))
    CohortCursor.objects.update(parked_at=timezone.now(), failures=8, error="DataError")
    return cohort


def call(client, action, cohort, data=CONFIRMED):
    return client.post(reverse(f"admin:cohorts_cohort_{action}", args=[cohort.pk]), data)


def test_only_a_parked_cohort_offers_to_retry_and_skip(client, parked):
    page = reverse("admin:cohorts_cohort_change", args=[parked.pk])
    retry = reverse("admin:cohorts_cohort_retry", args=[parked.pk])

    assert retry in client.get(page).content.decode()

    CohortCursor.objects.update(parked_at=None)
    assert retry not in client.get(page).content.decode()


def test_retrying_takes_the_cohort_up_again(client, parked):
    answer = call(client, "retry", parked)

    assert answer.headers["HX-Redirect"].endswith(f"/{parked.pk}/change/")
    apply_all()
    assert Upload.objects.filter(applied_at__isnull=False).count() == 2
    assert AuditEntry.objects.get(object_type="cohort").action == "cohort.retried"


def test_skipping_passes_over_one_upload_and_applies_the_rest(client, parked):
    call(client, "skip", parked)

    apply_all()
    first, second = Upload.objects.order_by("sequence")
    assert first.skipped_at and not first.applied_at and first.external_ids is None
    assert second.applied_at
    entry = AuditEntry.objects.get(object_type="cohort")
    assert (entry.action, entry.details) == ("cohort.skipped", {"sequence": 1, "ids": 1})


def test_skipping_twice_skips_one_upload(client, parked):
    call(client, "skip", parked)
    call(client, "skip", parked)

    assert Upload.objects.filter(skipped_at__isnull=False).count() == 1


def test_nothing_happens_before_it_is_confirmed(client, parked):
    answer = call(client, "skip", parked, {})

    assert "Skip the failing upload?" in answer.content.decode()
    assert CohortCursor.objects.get().parked_at


def test_another_workspace_s_cohort_is_not_found(client, parked):
    globex = make_workspace("globex")
    other = make_cohort(globex)
    CohortCursor.objects.filter(pk=other.pk).update(parked_at=timezone.now())

    assert call(client, "retry", other).status_code == 404
    assert CohortCursor.objects.get(pk=other.pk).parked_at


def test_someone_who_may_not_change_cohorts_is_refused(client, parked):
    client.force_login(make_member(parked.workspace, Role.VIEWER))

    assert call(client, "skip", parked).status_code == 403
    assert CohortCursor.objects.get().parked_at
