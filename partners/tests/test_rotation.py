"""Rotating a key of any kind: a successor, and a grace period for the old one."""

from datetime import timedelta

import pytest
from django.core.management import CommandError
from django.utils import timezone

from common import keyring
from common.errors import Unauthorized
from common.keys import parse
from partners.authentication import authenticate
from partners.keys import issue_data_import_key, issue_partner_api_key
from partners.models import DataImportKey, Integration
from tests.commands import manage
from tests.factories import make_operator, make_partner, make_workspace
from workspaces.keys import KeyNotLive, invalidate, issue_rest_api_key, rotate
from workspaces.models import AuditEntry

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
NETWORKS = ["203.0.113.0/24"]


@pytest.fixture
def acme():
    return make_workspace()


@pytest.fixture
def tinyclues():
    return make_partner()


@pytest.fixture
def issued(acme, tinyclues):
    return issue_data_import_key(tinyclues, acme, by="a test", label="spring")


def remaining(row):
    row.refresh_from_db()
    return row.expires_at - timezone.now()


def test_every_kind_of_key_has_a_successor_that_opens_the_same(acme, tinyclues):
    permissions = ["users.track", "cohorts.list"]
    for issued, own in (
        (issue_partner_api_key(tinyclues, by="a test", label="one"), ["partner"]),
        (issue_data_import_key(tinyclues, acme, by="a test"), ["partner", "workspace"]),
        (
            issue_rest_api_key(
                acme, permissions=permissions, allowed_networks=NETWORKS, by="a test"
            ),
            ["workspace", "permissions", "allowed_networks"],
        ),
    ):
        successor = rotate(issued.row, grace=HOUR, by=make_operator(issued.row.prefix))

        assert successor.text != issued.text
        assert successor.row.label == issued.row.label
        assert successor.row.created_by == issued.row.prefix
        for name in own:
            assert getattr(successor.row, name) == getattr(issued.row, name)
        assert keyring.opens(parse(successor.text, issued.row.kind), successor.row)
        assert not keyring.opens(parse(issued.text, issued.row.kind), successor.row)


def test_the_grace_is_the_old_key_s_expiry(issued):
    rotate(issued.row, grace=HOUR, by="a test")

    assert timedelta(0) < remaining(issued.row) <= HOUR
    assert issued.row.state == "live"


def test_a_grace_never_outlasts_the_expiry_that_a_key_has(acme, tinyclues):
    row = issue_data_import_key(tinyclues, acme, by="a test", expires_in=HOUR).row
    expires_at = row.expires_at

    rotate(row, grace=timedelta(days=7), by="a test")

    row.refresh_from_db()
    assert row.expires_at == expires_at


def test_without_a_grace_the_old_key_is_refused_at_once(issued, tinyclues):
    partner_key = issue_partner_api_key(tinyclues, by="a test").text
    successor = rotate(issued.row, grace=None, by="a test")

    with pytest.raises(Unauthorized):
        authenticate("tinyclues", partner_key, issued.text)
    assert authenticate("tinyclues", partner_key, successor.text).key_id == successor.row.pk


def test_a_successor_has_the_expiry_that_is_asked_for_and_no_other(issued):
    first = rotate(issued.row, grace=HOUR, by="a test")
    assert first.row.expires_at is None

    second = rotate(first.row, grace=HOUR, by="a test", expires_in=timedelta(days=90))
    assert second.row.expires_at - second.row.created_at == timedelta(days=90)


@pytest.mark.parametrize("state", ["invalidated", "expired"])
def test_a_key_that_opens_nothing_has_no_successor(issued, state):
    if state == "invalidated":
        invalidate(issued.row, by="a test")
    else:
        DataImportKey.objects.update(expires_at=timezone.now() - HOUR)

    with pytest.raises(KeyNotLive):
        rotate(issued.row, grace=HOUR, by="a test")
    assert DataImportKey.objects.count() == 1


def test_rotating_does_not_enable_a_disabled_partner(issued):
    Integration.objects.update(disabled_at=timezone.now())

    rotate(issued.row, grace=HOUR, by="a test")

    assert Integration.objects.get().disabled_at


def test_both_sides_of_a_rotation_are_noted(issued, acme):
    successor = rotate(issued.row, grace=HOUR, by=make_operator()).row

    noted = {entry.action: entry for entry in AuditEntry.objects.filter(actor="olga")}
    old, new = noted["data_import_key.rotated"], noted["data_import_key.issued"]
    assert (old.workspace, old.object_id) == (acme, issued.row.prefix)
    assert old.details["successor"] == new.object_id == successor.prefix
    assert old.details["until"] == issued.row.expires_at.isoformat()
    assert new.details == {"label": "spring", "rotated_from": issued.row.prefix}


# --- The command -------------------------------------------------------------------------


def test_rotate_key_prints_the_successor_and_nothing_else(issued):
    outcome = manage("rotate_key", issued.row.prefix, "--grace", "7d", "--expires-in", "90d")

    (text,) = outcome.lines
    successor = keyring.find(text)
    assert keyring.opens(parse(text, successor.kind), successor)
    assert successor.expires_at - successor.created_at == timedelta(days=90)
    assert text not in outcome.err
    assert timedelta(days=6) < remaining(issued.row) <= timedelta(days=7)
    assert issued.row.expires_at.isoformat(timespec="seconds") in outcome.err


def test_rotate_key_leaves_the_old_key_a_day_unless_told_otherwise(issued):
    manage("rotate_key", issued.row.prefix)

    assert timedelta(hours=23) < remaining(issued.row) <= timedelta(hours=24)


def test_rotate_key_can_end_the_old_key_now(issued):
    outcome = manage("rotate_key", issued.row.prefix, "--grace", "now")

    issued.row.refresh_from_db()
    assert issued.row.state == "invalidated"
    assert "opens nothing any more" in outcome.err


def test_rotate_key_says_what_is_wrong_and_repeats_no_key(issued):
    prefix = issued.row.prefix
    with pytest.raises(CommandError, match="list_keys") as error:
        manage("rotate_key", issued.text[:-1])
    assert issued.text[:-1] not in str(error.value)
    with pytest.raises(CommandError, match="as in 90d"):
        manage("rotate_key", prefix, "--grace", "soon")

    invalidate(issued.row, by="a test")

    with pytest.raises(CommandError, match="issue a new one"):
        manage("rotate_key", prefix)
