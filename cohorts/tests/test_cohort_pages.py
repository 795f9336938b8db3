"""The list of cohorts: exact sizes, search, filters, sorting."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cohorts import archiving, counting, registry
from cohorts.admin import CohortAdmin
from cohorts.models import Cohort, CohortHead
from cohorts.tests.factories import accept, adds, apply_all, make_cohort, make_users, moment
from segments import services
from segments.tree import parse
from tests.factories import make_operator, make_partner, make_workspace

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
    accept(named, adds("ann"))
    parked.cursor.parked_at = moment("2026-05-04T10:00:00Z")
    parked.cursor.save()
    Cohort.objects.filter(pk=archived.pk).update(archived_at=parked.cursor.parked_at)

    text = client.get(reverse(LIST), {"state": "all"}).content.decode().lower()
    for state in ("receiving", "parked", "archived", "unnamed"):
        assert state in text

    accept(archived, adds("ann"))
    text = client.get(reverse(LIST), {"state": "archived"}).content.decode().lower()
    assert "archived, and receiving" in text


def test_archived_cohorts_are_listed_only_where_they_are_asked_for(client, acme):
    make_cohort(acme, "kept")
    archiving.archive(make_cohort(acme, "gone"), by="tests")

    def listed(**parameters):
        return {cohort.external_id for cohort in shown(client, **parameters)}

    assert listed() == {"kept"}
    assert listed(state="archived") == {"gone"}
    assert listed(state="all") == {"kept", "gone"}


def test_the_list_is_filtered_by_partner_and_freshness(client, acme):
    fresh, old, other = make_cohort(acme, "f"), make_cohort(acme, "o"), make_cohort(acme, "s")
    make_cohort(acme, "never")
    make_cohort(acme, "segment", partner="segment")
    now = timezone.now()
    for cohort, days in ((fresh, 0), (other, 3), (old, 40)):
        at = now - timedelta(days=days)
        CohortHead.objects.filter(pk=cohort.pk).update(last_received_at=at)

    def listed(**parameters):
        return {cohort.external_id for cohort in shown(client, **parameters)}

    assert listed(updated="day") == {"f"}
    assert listed(updated="week") == {"f", "s"}
    assert listed(updated="silent") == listed(updated="month") == {"o"}
    assert listed(updated="never") == {"never", "segment"}
    assert listed(partner__id__exact=make_partner("segment").pk) == {"segment"}


def test_the_list_is_sorted_by_the_sizes_that_it_shows(client, acme):
    make_users(acme, [f"user {number}" for number in range(9)])
    for size in (3, 9, 1):
        cohort = make_cohort(acme, f"of {size}")
        accept(cohort, adds(*(f"user {number}" for number in range(size)), f"nobody {size}"))
    apply_all()
    counting.count_due()
    # Users who came since it was counted: the page shows them, and is in that order.
    make_users(acme, [f"user {number}" for number in range(9, 20)])
    cohort = Cohort.objects.get(external_id="of 1")
    accept(cohort, adds(*(f"user {number}" for number in range(9, 20))))
    apply_all()

    size_column = CohortAdmin.list_display.index("matched")
    smallest_first = [cohort.size.matched for cohort in shown(client, o=size_column)]
    largest_first = [cohort.size.matched for cohort in shown(client, o=f"-{size_column}")]

    assert smallest_first == [3, 9, 12]
    assert largest_first == [12, 9, 3]


@pytest.mark.parametrize("column", range(5))
def test_every_column_but_two_sorts(client, acme, column):
    for name in ("b", "a", "c"):
        make_cohort(acme, name)

    assert len(shown(client, o=column)) == len(shown(client, o=f"-{column}")) == 3


def test_the_list_takes_as_many_queries_however_long_it_is(client, acme):
    """Signed in, membership, workspaces; how many match, the same without filters, the page,
    partners to filter by; who exists, blocks; segments and campaigns that use them, segments
    that they reach and campaigns through those; a savepoint or two."""

    def queries():
        with CaptureQueriesContext(connection) as captured:
            shown(client)
        return len(captured)

    make_cohort(acme, "first")
    queries()
    few = queries()
    for number in range(40):
        cohort = make_cohort(acme, f"cohort {number}")
        services.create(
            acme,
            name=f"segment {number}",
            filters=parse(including(cohort)),
            by="tests",
        )

    assert queries() == few <= 13


def including(cohort):
    wanted = {"kind": "cohort", "partner": "tinyclues", "operator": "includes"}
    wanted["cohorts"] = [cohort.external_id]
    return {"version": 1, "match": "all", "groups": [{"match": "any", "filters": [wanted]}]}


def test_nobody_can_change_who_is_in_a_cohort_here(client, acme):
    cohort = make_cohort(acme)

    assert client.get(reverse("admin:cohorts_cohort_add")).status_code == 403
    for name in ("change", "delete"):
        address = reverse(f"admin:cohorts_cohort_{name}", args=[cohort.pk])
        assert client.post(address, {"name": "x"}).status_code == 403
