"""Issuing and invalidating REST API keys."""

from datetime import timedelta

import pytest
from django.utils import timezone

from common import keyring
from common.keys import KeyKind, parse
from tests.factories import make_operator, make_workspace
from workspaces import keys
from workspaces.models import AuditEntry, RestApiKey
from workspaces.permissions import PERMISSIONS, UnknownPermission

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme():
    return make_workspace()


def issue(workspace, **others):
    return keys.issue_rest_api_key(workspace, **{"permissions": ["all"], "by": "a test", **others})


def test_all_stands_for_every_permission_of_the_contract(acme):
    assert issue(acme).row.permissions == list(PERMISSIONS)


def test_permissions_are_kept_once_and_in_order(acme):
    issued = issue(acme, permissions=["cohorts.list", " users.track", "cohorts.list"])

    assert issued.row.permissions == ["users.track", "cohorts.list"]


@pytest.mark.parametrize("permissions", [[], [""], ["users.tracks"], ["users.track", "*"]])
def test_an_unknown_permission_issues_nothing(acme, permissions):
    with pytest.raises(UnknownPermission):
        issue(acme, permissions=permissions)

    assert not RestApiKey.objects.exists()
    assert not AuditEntry.objects.filter(action="rest_api_key.issued").exists()


@pytest.mark.parametrize("network", ["203.0.113.7/24", "everywhere", "203.0.113.0/33", ""])
def test_a_network_that_is_none_issues_nothing(acme, network):
    with pytest.raises(ValueError):
        issue(acme, allowed_networks=[network])

    assert not RestApiKey.objects.exists()


def test_a_key_is_readable_once_and_kept_as_a_digest(acme):
    issued = issue(acme, label="warehouse")
    parsed = parse(issued.text, KeyKind.REST_API)

    assert parsed.public_id == issued.row.public_id
    assert keyring.opens(parsed, RestApiKey.objects.get())
    assert issued.text not in repr(issued)
    stored = RestApiKey.objects.filter(pk=issued.row.pk).values().get()
    assert issued.text.rsplit("_", 1)[1] not in repr(stored)
    assert stored["last_four"] == issued.text[-4:]


def test_an_expiry_counts_from_the_database_s_clock(acme):
    issued = issue(acme, expires_in=timedelta(days=90))

    assert issued.row.expires_at - issued.row.created_at == timedelta(days=90)
    assert issued.row.expires_at > timezone.now()


def test_issuing_is_noted_with_who_did_it(acme):
    olga = make_operator()

    issued = issue(acme, by=olga, label="warehouse", allowed_networks=["203.0.113.7"])

    entry = AuditEntry.objects.get(action="rest_api_key.issued")
    assert (entry.workspace, entry.actor, entry.object_id) == (acme, "olga", issued.row.prefix)
    assert entry.details["label"] == "warehouse"
    assert entry.details["allowed_networks"] == ["203.0.113.7/32"]
    assert issued.row.created_by == "olga"


def test_invalidating_is_noted_once_and_for_good(acme):
    row = issue(acme).row

    assert keys.invalidate(row, by=make_operator())
    stopped_at = row.invalidated_at
    assert not keys.invalidate(row, by="somebody later")

    row.refresh_from_db()
    assert row.state == "invalidated"
    assert row.invalidated_at == stopped_at
    assert AuditEntry.objects.get(action="rest_api_key.invalidated").actor == "olga"


def test_a_key_can_note_what_it_did_itself(acme):
    row = issue(acme).row

    keys.invalidate(row, by=row)

    assert AuditEntry.objects.get(action="rest_api_key.invalidated").actor == row.prefix
