from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from profiles import locks, waiting
from profiles.models import Identifier, IdentifierKind, IdentifierState, Profile
from profiles.tests.connections import at_once
from tests.factories import make_workspace
from workspaces.models import Workspace

EXTERNAL_ID = IdentifierKind.EXTERNAL_ID


@pytest.fixture
def acme(db):
    return make_workspace("acme")


def named(*values):
    return [("", value) for value in values]


def waiting_values(workspace):
    return list(
        Identifier.objects.filter(workspace=workspace, state=IdentifierState.RESERVED)
        .order_by("profile_id")
        .values_list("value", flat=True)
    )


def test_an_unknown_id_waits_under_a_profile_id_that_no_profile_will_get(acme):
    assert waiting.reserve(acme.pk, EXTERNAL_ID, named("ana", "Ana", " ana")) == 3

    reserved = Identifier.objects.filter(workspace=acme).values_list("profile_id", flat=True)
    profile = Profile.objects.create(workspace=acme)
    assert len({*reserved, profile.pk}) == 4
    assert not Profile.objects.filter(pk__in=list(reserved)).exists()
    assert waiting.count(acme.pk) == 3


def test_naming_an_id_again_reserves_nothing(acme):
    waiting.reserve(acme.pk, EXTERNAL_ID, named("ana", "ana"))

    assert waiting.reserve(acme.pk, EXTERNAL_ID, named("ana")) == 0
    assert waiting.count(acme.pk) == 1


def test_the_same_value_as_another_kind_waits_apart(acme):
    waiting.reserve(acme.pk, EXTERNAL_ID, named("ana"))
    waiting.reserve(acme.pk, IdentifierKind.DEVICE, named("ana"))
    waiting.reserve(acme.pk, IdentifierKind.ALIAS, [("crm", "ana"), ("shop", "ana")])

    assert waiting.count(acme.pk) == 4


def test_ids_past_the_cap_stay_out_in_the_order_named(acme):
    Workspace.objects.update(waiting_cap=2)

    assert waiting.reserve(acme.pk, EXTERNAL_ID, named("zoe", "ana", "bob")) == 2
    assert sorted(waiting_values(acme)) == ["ana", "zoe"]
    assert waiting.reserve(acme.pk, EXTERNAL_ID, named("bob")) == 0


def test_no_days_of_retention_switch_the_waiting_room_off(acme):
    Workspace.objects.update(waiting_retention_days=0)

    assert waiting.reserve(acme.pk, EXTERNAL_ID, named("ana")) == 0


def test_reserving_costs_as_many_queries_for_a_thousand_ids_as_for_one(
    acme, django_assert_num_queries
):
    # The workspace's cap, how many wait, the insert, the change.
    with django_assert_num_queries(4):
        waiting.reserve(acme.pk, EXTERNAL_ID, named(*map(str, range(1000))))


def test_being_named_again_is_noted_once_a_day(acme):
    waiting.reserve(acme.pk, EXTERNAL_ID, named("ana", "bob"))
    ana = Identifier.objects.get(value="ana")
    assert waiting.touch(acme.pk, [ana.profile_id]) == 0

    Identifier.objects.update(last_named_at=timezone.now() - timedelta(days=2))

    assert waiting.touch(acme.pk, [ana.profile_id]) == 1
    assert waiting.touch(acme.pk, [ana.profile_id]) == 0


@pytest.mark.django_db(transaction=True)
def test_two_transactions_that_name_the_same_unknown_ids_agree_on_their_profile_ids():
    acme = make_workspace("acme")
    values = [str(number) for number in range(300)]

    def name_them(values):
        def work():
            with transaction.atomic():
                locks.share_identities(acme.pk)
                count = waiting.reserve(acme.pk, EXTERNAL_ID, named(*values))
                seen = dict(
                    Identifier.objects.filter(workspace_id=acme.pk).values_list(
                        "value", "profile_id"
                    )
                )
                return count, seen

        return work

    results = at_once(name_them(values), name_them(reversed(values)), name_them(values))

    assert sum(count for count, _ in results) == 300
    assert waiting.count(acme.pk) == 300
    assert results[0][1] == results[1][1] == results[2][1]
