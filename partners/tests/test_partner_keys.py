"""Issuing the keys of a partner's calls."""

from datetime import timedelta

import pytest

from common import keyring
from common.keys import KeyKind, parse
from partners.keys import issue_data_import_key, issue_partner_api_key
from partners.models import DataImportKey, Integration, Partner, PartnerApiKey
from tests.factories import make_keys, make_operator, make_partner, make_workspace
from workspaces.keys import invalidate
from workspaces.models import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme():
    return make_workspace()


@pytest.fixture
def tinyclues():
    return make_partner()


def test_the_known_partners_are_shipped():
    slugs = set(Partner.objects.values_list("slug", flat=True))

    assert slugs == {
        *("tinyclues", "segment", "hightouch", "census", "amplitude", "mixpanel"),
        *("heap", "kubit", "splio", "appsflyer", "treasure-data", "mparticle"),
    }
    assert Partner.objects.get(slug="mparticle").name == "mParticle"


def test_both_keys_are_readable_once_and_kept_as_digests(acme, tinyclues):
    partner_api_key, client_secret = make_keys(acme, tinyclues)

    for text, kind, model in (
        (partner_api_key, KeyKind.PARTNER_API, PartnerApiKey),
        (client_secret, KeyKind.DATA_IMPORT, DataImportKey),
    ):
        assert keyring.opens(parse(text, kind), model.objects.get())
        assert text.rsplit("_", 1)[1] not in repr(model.objects.values().get())


def test_the_first_data_import_key_connects_partner_and_workspace(acme, tinyclues):
    assert not Integration.objects.exists()

    issue_data_import_key(tinyclues, acme, by=make_operator())
    issue_data_import_key(tinyclues, acme, by="a second time")

    assert Integration.objects.get().disabled_at is None
    assert AuditEntry.objects.get(action="integration.connected").actor == "olga"


def test_a_partner_api_key_alone_connects_nothing(tinyclues):
    issue_partner_api_key(tinyclues, by="a test")

    assert not Integration.objects.exists()


def test_a_new_key_does_not_enable_a_disabled_partner_again(acme, tinyclues):
    issue_data_import_key(tinyclues, acme, by="a test")
    Integration.objects.update(disabled_at="2026-01-01T00:00:00Z")

    issue_data_import_key(tinyclues, acme, by="a test")

    assert Integration.objects.get().disabled_at is not None


def test_two_keys_of_a_partner_live_side_by_side(acme, tinyclues):
    older = issue_data_import_key(tinyclues, acme, by="a test")
    newer = issue_data_import_key(tinyclues, acme, by="a test")

    invalidate(older.row, by="a test")

    newer.row.refresh_from_db()
    assert (older.row.state, newer.row.state) == ("invalidated", "live")


def test_issuing_is_noted_where_it_belongs(acme, tinyclues):
    olga = make_operator()

    partner_api_key = issue_partner_api_key(tinyclues, by=olga).row
    client_secret = issue_data_import_key(
        tinyclues, acme, by=olga, label="spring", expires_in=timedelta(days=1)
    ).row

    noted = {entry.action: entry for entry in AuditEntry.objects.filter(actor="olga")}
    assert noted["partner_api_key.issued"].workspace is None
    assert noted["partner_api_key.issued"].object_id == partner_api_key.prefix
    assert noted["data_import_key.issued"].workspace == acme
    assert noted["data_import_key.issued"].details == {"label": "spring", "partner": "tinyclues"}
    assert client_secret.created_by == "olga"


def test_a_key_is_found_by_its_prefix_and_by_nothing_shorter(acme, tinyclues):
    issued = issue_data_import_key(tinyclues, acme, by="a test")

    assert keyring.find(issued.row.prefix) == issued.row
    assert keyring.find(f" {issued.text}\n") == issued.row
    for other in (
        issued.row.public_id,
        issued.row.prefix[:-1],
        issued.row.prefix.replace("dik", "rak"),
        f"{issued.row.prefix}_",
        issued.text[:-1],
        "",
    ):
        assert keyring.find(other) is None


def test_needed_peppers_are_those_of_live_keys(acme, tinyclues, settings):
    older = issue_data_import_key(tinyclues, acme, by="a test")
    settings.PEPPERS = {**settings.PEPPERS, 7: b"a newer pepper of enough length!"}
    issue_partner_api_key(tinyclues, by="a test")
    assert keyring.needed_peppers() == {older.row.pepper, 7}

    invalidate(older.row, by="a test")

    assert keyring.needed_peppers() == {7}
