"""Cohorts in the dashboard: their list, their search and what one shows."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cohorts import registry
from cohorts.models import Cohort
from cohorts.tests.factories import accept, adds, apply_all, make_cohort, make_users, moment
from tests.factories import make_operator, make_workspace

pytestmark = pytest.mark.django_db

LIST = "admin:cohorts_cohort_changelist"


@pytest.fixture
def acme(client):
    workspace = make_workspace()
    client.force_login(make_operator())
    return workspace


def shown(client, **parameters):
    answer = client.get(reverse(LIST), parameters)
    assert answer.status_code == 200
    return answer.context["cl"].result_list


def test_the_list_shows_exact_sizes(client, acme):
    make_users(acme, [f"user {number}" for number in range(1234)])
    cohort = make_cohort(acme)
    accept(cohort, adds(*(f"user {number}" for number in range(1000))))
    accept(cohort, adds(*(f"user {number}" for number in range(1000, 1234)), "nobody", "no one"))
    apply_all()

    (listed,) = shown(client)

    assert (listed.size.matched, listed.size.waiting) == (1234, 2)
    assert "1,234" in client.get(reverse(LIST)).content.decode()
    page = client.get(reverse("admin:cohorts_cohort_change", args=[cohort.pk]))
    assert "1,236" in page.content.decode()  # with those who wait, the ids received


def test_a_cohort_s_page_shows_how_far_its_uploads_are_applied(client, acme):
    make_users(acme, ["ann"])
    cohort = make_cohort(acme)
    registry.name(cohort.pk, name="Easter", created_at=moment("2026-05-04T10:00:00Z"))
    registry.name(cohort.pk, name="Spring", created_at=moment("2026-05-05T10:00:00Z"))
    accept(cohort, adds("ann", "nobody"))
    apply_all()
    accept(cohort, adds("eve", "zoe", "kim"))

    page = client.get(reverse("admin:cohorts_cohort_change", args=[cohort.pk]))

    assert page.status_code == 200
    text = page.content.decode()
    assert "Easter" in text
    original = page.context["original"]
    assert (original.size.matched, original.size.waiting) == (1, 1)
    assert original.head.ids_received - original.cursor.ids_applied == 3


def test_the_list_is_searched_like_the_api(client, acme):
    cohort = make_cohort(acme, "a")
    registry.name(
        cohort.pk,
        name="Spring",
        created_at=moment("2026-05-04T10:00:00Z"),
        export_file_name="Q2_Export.csv",
    )
    make_cohort(acme, "b")

    assert [found.external_id for found in shown(client, q="q2 export.CSV")] == ["a"]
    assert list(shown(client, q="winter")) == []


def test_another_workspace_s_cohorts_have_no_list_and_no_page_here(client, acme):
    theirs = make_cohort(make_workspace("globex"))

    assert list(shown(client)) == []
    answer = client.get(reverse("admin:cohorts_cohort_change", args=[theirs.pk]))
    assert answer.status_code == 404


def test_states_are_told_apart(client, acme):
    named, parked, archived = (make_cohort(acme, name) for name in ("n", "p", "x"))
    make_cohort(acme, "u")
    registry.name(named.pk, name="Named", created_at=moment("2026-05-04T10:00:00Z"))
    parked.cursor.parked_at = archived.archived_at = moment("2026-05-04T10:00:00Z")
    parked.cursor.save()
    Cohort.objects.filter(pk=archived.pk).update(archived_at=archived.archived_at)

    text = client.get(reverse(LIST)).content.decode()

    for state in ("receiving", "parked", "archived", "unnamed"):
        assert state in text.lower()


def test_a_longer_list_takes_no_more_queries(client, acme):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            shown(client)
        return len(captured)

    make_cohort(acme, "first")
    queries()
    few = queries()
    for number in range(20):
        make_cohort(acme, f"cohort {number}")

    assert queries() == few


def test_nobody_can_change_who_is_in_a_cohort_here(client, acme):
    cohort = make_cohort(acme)

    assert client.get(reverse("admin:cohorts_cohort_add")).status_code == 403
    for name in ("change", "delete"):
        address = reverse(f"admin:cohorts_cohort_{name}", args=[cohort.pk])
        assert client.post(address, {"name": "x"}).status_code == 403
