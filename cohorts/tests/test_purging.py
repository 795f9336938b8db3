"""Ids that waited too long leave the waiting room, and every cohort that named them."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from cohorts.sizes import Size, sizes
from cohorts.tests.factories import Connector, accept, alias, apply_all, make_cohort, outcome_of
from profiles import purging, waiting
from profiles.models import Identifier, IdentifierState, WaitingChange
from tests.factories import bearer, make_rest_key, make_workspace
from workspaces.models import AuditEntry, Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme():
    return make_workspace("acme")


def age(days, *values):
    """As if those ids, or all that wait, had been named so much earlier."""
    identifiers = Identifier.objects.filter(state=IdentifierState.RESERVED)
    if values:
        identifiers = identifiers.filter(value__in=values)
    identifiers.update(last_named_at=timezone.now() - timedelta(days=days))


def name(workspace, *user_ids, cohort="spring", **others):
    cohort = make_cohort(workspace, cohort)
    accept(cohort, {"user_ids": list(user_ids), **others})
    apply_all()
    return cohort


def still_waiting(workspace):
    identifiers = Identifier.objects.filter(workspace=workspace, state=IdentifierState.RESERVED)
    return sorted(identifiers.values_list("value", flat=True))


def size(cohort):
    return sizes(cohort.workspace_id, [cohort.pk])[cohort.pk]


def purged():
    return AuditEntry.objects.filter(action="waiting_ids.purged")


def test_what_waited_longer_than_the_workspace_keeps_it_goes(acme):
    cohort = name(acme, "ana", "bob", "cleo")
    age(29, "ana")
    age(32, "bob", "cleo")

    assert purging.purge(acme, by="tests") == 2

    assert still_waiting(acme) == ["ana"]
    assert size(cohort) == Size(matched=0, waiting=1)
    assert waiting.count(acme.pk) == 1
    call_command("check_membership")


def test_every_cohort_that_named_an_id_loses_it(acme):
    spring = name(acme, "ana", "bob", cohort="spring")
    summer = name(acme, "bob", cohort="summer")
    age(32, "bob")

    purging.purge(acme, by="tests")

    assert (size(spring).waiting, size(summer).waiting) == (1, 0)
    call_command("check_membership")


def test_an_id_of_any_kind_goes_and_is_counted_by_its_kind(acme):
    name(acme, "ana", device_ids=["phone", "tablet"], aliases=[alias("crm", "7")])
    age(40)

    assert purging.purge(acme, by="retention") == 4

    entry = purged().get()
    assert (entry.workspace, entry.actor) == (acme, "retention")
    assert entry.details["external_ids"] == 1
    assert entry.details["aliases"] == 1
    assert entry.details["device_ids"] == 2
    assert entry.details["oldest_naming"] < entry.details["last_named_before"]
    assert not any(value in str(entry.details) for value in ("ana", "phone", "crm"))


def test_users_and_their_devices_never_go(acme, client):
    client.post(
        "/users/track",
        {"attributes": [{"external_id": "ana", "devices": [{"device_id": "phone"}]}]},
        "application/json",
        **bearer(make_rest_key(acme)),
    )
    Identifier.objects.update(last_named_at=timezone.now() - timedelta(days=400))
    cohort = name(acme, "ana")

    assert purging.purge(acme, by="tests") == 0
    assert size(cohort) == Size(matched=1, waiting=0)


def test_who_appears_after_the_purge_is_in_no_cohort_and_after_being_named_again_is(acme, client):
    key = bearer(make_rest_key(acme))
    cohort = name(acme, "ana", "bob")
    age(40)
    purging.purge(acme, by="tests")

    name(acme, "bob")
    client.post(
        "/users/track",
        {"attributes": [{"external_id": "ana"}, {"external_id": "bob"}]},
        "application/json",
        **key,
    )

    assert size(cohort) == Size(matched=1, waiting=0)
    assert outcome_of(cohort, 1) == {"waiting": 2}  # what the ledger says stays
    assert outcome_of(cohort, 2) == {"waiting": 1}
    call_command("check_membership")


def test_retention_counts_from_the_last_naming(acme):
    cohort = name(acme, "ana", "bob")
    age(40)
    accept(cohort, {"user_ids": ["ana"]})
    apply_all()

    assert purging.purge(acme, by="tests") == 1
    assert still_waiting(acme) == ["ana"]


def test_an_id_waits_rather_a_day_longer_because_namings_are_noted_once_a_day(acme):
    Workspace.objects.update(waiting_retention_days=1)
    cohort = name(acme, "ana")
    age(0.9)
    accept(cohort, {"user_ids": ["ana"]})
    apply_all()
    age(1.5)

    assert purging.purge(acme, by="tests") == 0
    age(2.1)
    assert purging.purge(acme, by="tests") == 1


def test_where_the_waiting_room_was_switched_off_everything_that_waits_goes(acme):
    cohort = name(acme, "ana", "bob")
    Workspace.objects.update(waiting_retention_days=0)

    assert purging.purge(acme, by="tests") == 2
    assert size(cohort).waiting == 0


def test_a_lowered_cap_keeps_ids_out_and_takes_none_away(acme):
    name(acme, "ana", "bob")
    Workspace.objects.update(waiting_cap=1)

    assert purging.purge(acme, by="tests") == 0
    cohort = name(acme, "cleo")

    assert still_waiting(acme) == ["ana", "bob"]
    assert outcome_of(cohort, 2) == {"unknown": 1}


def test_another_moment_may_be_given(acme):
    name(acme, "ana", "bob")
    age(2, "ana")

    assert purging.purge(acme, before=timezone.now() - timedelta(days=1), by="tests") == 1
    assert still_waiting(acme) == ["bob"]


def test_a_retention_of_ages_is_no_trouble(acme):
    Workspace.objects.update(waiting_retention_days=2**31 - 1)
    name(acme, "ana")
    age(10_000)

    assert purging.purge(acme, by="tests") == 0
    assert purging.overdue_workspaces() == []


def test_finding_nothing_takes_no_lock_and_writes_nothing(acme, django_assert_num_queries):
    name(acme, "ana")
    changes = WaitingChange.objects.count()

    # Since when, and who is overdue.
    with django_assert_num_queries(2):
        assert purging.purge(acme, by="tests") == 0

    assert not purged().exists()
    assert WaitingChange.objects.count() == changes


def test_another_workspace_s_ids_stay_where_they_are(acme):
    globex = make_workspace("globex")
    name(acme, "ana")
    cohort = name(globex, "ana")
    age(40)

    assert purging.overdue_workspaces() == [acme.pk, globex.pk]
    assert purging.purge(acme, by="tests") == 1

    assert size(cohort).waiting == 1
    assert purging.overdue_workspaces() == [globex.pk]


def test_a_purge_in_batches_writes_one_audit_row_that_adds_them_up(acme, monkeypatch):
    monkeypatch.setattr(purging, "BATCH_IDS", 2)
    name(acme, *"abcde", device_ids=["phone"])
    age(40)

    assert purging.purge(acme, by="tests") == 6

    details = purged().get().details
    assert (details["external_ids"], details["device_ids"]) == (5, 1)


def test_what_was_removed_before_the_budget_was_spent_is_on_record(acme, monkeypatch):
    name(acme, *"abcde")
    age(40)
    monkeypatch.setattr(purging, "BATCH_IDS", 2)

    assert purging.purge(acme, budget_seconds=0, by="tests") == 2

    assert purged().get().details["external_ids"] == 2
    assert waiting.count(acme.pk) == 3
    call_command("check_membership")


@pytest.mark.parametrize("ids", [110, 300])
def test_a_batch_costs_as_many_queries_for_many_ids_and_cohorts_as_for_few(
    acme, ids, django_assert_num_queries
):
    for number in range(ids // 10):
        name(acme, *map(str, range(ids)), cohort=f"cohort {number}")
    age(40)

    # Since when, who is overdue; a savepoint, the lock, the removal, the change, which
    # cohorts there are, their blocks read and written, whether files hold some, the audit row,
    # its end; and nobody else is overdue.
    with django_assert_num_queries(13):
        purging.purge(acme, by="tests")


def test_cohorts_details_show_fewer_waiting(client):
    tinyclues = Connector("acme", "tinyclues")
    tinyclues.add("ana", "bob")
    apply_all()
    age(40, "bob")

    purging.purge(tinyclues.workspace, by="tests")

    answer = client.get(
        "/cohorts/details",
        {"partner": "tinyclues", "cohort_id": "spring"},
        **bearer(make_rest_key(tinyclues.workspace)),
    ).json()
    assert (answer["size"], answer["waiting"], answer["received"]) == (0, 1, 2)
