"""A partner's keys in the dashboard: generate, show once, rotate, invalidate."""

from datetime import timedelta

import pytest
from django.urls import reverse

from cohorts.tests.factories import Connector
from common import keyring
from common.keys import parse
from partners.keys import issue_data_import_key, issue_partner_api_key
from partners.models import DataImportKey, Integration, PartnerApiKey
from tests.factories import (
    make_keys,
    make_member,
    make_operator,
    make_partner,
    make_workspace,
)
from workspaces.models import AuditEntry
from workspaces.roles import Role

pytestmark = pytest.mark.django_db

ADD = reverse("admin:partners_dataimportkey_add") + "?partner=tinyclues"
FORM = {"partner": "tinyclues", "label": "spring", "expires": ""}


@pytest.fixture
def acme():
    return make_workspace()


@pytest.fixture
def tinyclues():
    return make_partner()


@pytest.fixture
def olga(client, acme):
    person = make_operator()
    client.force_login(person)
    return person


def page(row, name):
    return reverse(f"admin:partners_{type(row).__name__.lower()}_{name}", args=[row.pk])


def page_of(partner):
    return reverse("admin:partners_partner_change", args=[partner.pk])


def test_a_key_that_is_generated_works_at_once(client, acme, olga, tinyclues):
    connector = Connector()

    answer = client.post(ADD, FORM)

    text = client.get(answer["Location"]).context["text"]
    connector.client_secret = text
    assert connector.change([]).status_code == 201
    row = DataImportKey.objects.latest("pk")
    assert (row.workspace, row.partner, row.label) == (acme, tinyclues, "spring")
    assert row.created_by == "olga"


def test_the_first_key_connects_the_partner(client, acme, olga, tinyclues):
    client.post(ADD, FORM)

    assert Integration.objects.get().partner == tinyclues
    noted = AuditEntry.objects.filter(actor="olga").values_list("action", flat=True)
    assert set(noted) == {"integration.connected", "data_import_key.issued"}


def test_the_page_that_shows_a_new_key_has_it_in_both_samples_and_no_later_page(
    client, acme, olga, tinyclues
):
    path = client.post(ADD, FORM)["Location"]

    shown = client.get(path)
    text = shown.context["text"]
    for sample in shown.context["samples"]:
        assert text in sample.command
        assert "YOUR_PARTNER_API_KEY" in sample.command
    assert "no-store" in shown["Cache-Control"]

    for address in (path, page_of(tinyclues)):
        again = client.get(address)
        assert text not in again.content.decode()
        assert "YOUR_DATA_IMPORT_KEY" in again.content.decode()


def test_an_expiry_is_kept(client, acme, olga):
    client.post(ADD, {**FORM, "expires": "30d"})

    row = DataImportKey.objects.get()
    assert row.expires_at - row.created_at == timedelta(days=30)


def test_without_a_partner_in_the_address_the_form_asks_for_one(client, acme, olga):
    form = client.get(reverse("admin:partners_dataimportkey_add"))

    assert '<option value="segment"' in form.content.decode()


@pytest.mark.parametrize("partner", ["", "nobody", "1"])
def test_a_key_is_some_partner_s(client, acme, olga, partner):
    answer = client.post(ADD, {**FORM, "partner": partner})

    assert "partner" in answer.context["form"].errors
    assert not DataImportKey.objects.exists()


def test_rotating_with_a_grace_leaves_both_keys_working(client, acme, olga):
    connector = Connector()
    old = DataImportKey.objects.get()

    answer = client.post(page(old, "rotate"), {"grace": "1h", "expires": ""})

    assert connector.change([]).status_code == 201
    connector.client_secret = client.get(answer["Location"]).context["text"]
    assert connector.change([]).status_code == 201


def test_rotating_now_ends_the_old_key_with_the_next_request(client, acme, olga):
    connector = Connector()

    client.post(page(DataImportKey.objects.get(), "rotate"), {"grace": "now", "expires": ""})

    assert connector.change([]).json() == {"message": "Invalid client secret"}


def test_invalidating_says_what_will_stop_and_whether_anything_goes_on(client, acme, olga):
    connector = Connector()
    connector.change([])
    row = DataImportKey.objects.get()

    alone = client.get(page(row, "invalidate")).content.decode()
    assert "401 Invalid client secret" in alone
    assert "from 127.0.0.1" in alone
    assert "No other key takes its place" in alone

    issue_data_import_key(connector.partner, acme, by="a test")
    issue_data_import_key(make_partner("segment"), acme, by="a test")
    issue_data_import_key(connector.partner, make_workspace("globex"), by="a test")
    assert "1 other key goes on working" in client.get(page(row, "invalidate")).content.decode()

    answer = client.post(page(row, "invalidate"))
    assert answer["Location"] == page_of(connector.partner)
    assert connector.change([]).status_code == 401
    assert AuditEntry.objects.get(action="data_import_key.invalidated").actor == "olga"


def test_where_and_when_a_key_was_used_is_shown(client, acme, olga, tinyclues):
    connector = Connector(REMOTE_ADDR="203.0.113.7")

    connector.name()

    shown = client.get(page_of(tinyclues)).content.decode()
    assert "from 203.0.113.7" in shown
    assert "just now" in shown


def test_the_partner_s_own_key_is_issued_shown_once_and_ended(client, acme, olga, tinyclues):
    connector = Connector()
    add = reverse("admin:partners_partnerapikey_add") + "?partner=tinyclues"

    path = client.post(add, FORM)["Location"]

    text = client.get(path).context["text"]
    row = PartnerApiKey.objects.latest("pk")
    assert keyring.opens(parse(text, row.kind), row)
    assert client.get(path).context["text"] == ""
    connector.partner_api_key = text
    assert connector.change([]).status_code == 201
    assert "any workspace" in client.get(page(row, "invalidate")).content.decode()
    client.post(page(row, "invalidate"))
    assert connector.change([]).json() == {"message": "Invalid Partner API key"}


def test_all_data_import_keys_of_the_workspace_are_listed_with_their_partners(client, acme, olga):
    make_keys(acme, make_partner())
    make_keys(acme, make_partner("segment"))
    make_keys(make_workspace("globex"), make_partner("heap"))

    shown = client.get(reverse("admin:partners_dataimportkey_changelist"))

    owners = [row.owner.slug for row in shown.context["table"].live]
    assert owners == ["segment", "tinyclues"]


def test_a_key_of_another_workspace_has_no_page_here(client, acme, olga, tinyclues):
    row = issue_data_import_key(tinyclues, make_workspace("globex"), by="a test").row

    for name in ("change", "issued", "rotate", "invalidate"):
        assert client.get(page(row, name)).status_code == 404
        assert client.post(page(row, name), {"grace": "now"}).status_code in (403, 404)
    row.refresh_from_db()
    assert row.state == "live"


def test_an_operator_makes_and_ends_data_import_keys_alone(client, acme, tinyclues):
    client.force_login(make_member(acme, Role.OPERATOR))
    theirs = issue_partner_api_key(tinyclues, by="a test").row

    path = client.post(ADD, FORM)["Location"]
    assert client.get(path).context["text"]
    row = DataImportKey.objects.get()
    assert client.post(page(row, "rotate"), {"grace": "now", "expires": ""}).status_code == 302

    row.refresh_from_db()
    assert row.state == "invalidated"
    assert client.post(page(theirs, "invalidate")).status_code == 404
    add = reverse("admin:partners_partnerapikey_add")
    assert client.post(add, FORM).status_code == 404
    assert PartnerApiKey.objects.get().state == "live"


@pytest.mark.parametrize("role", [Role.MARKETER, Role.VIEWER])
def test_who_may_see_no_keys_makes_and_ends_none(client, acme, tinyclues, role):
    rows = [
        issue_data_import_key(tinyclues, acme, by="a test").row,
        issue_partner_api_key(tinyclues, by="a test").row,
    ]
    client.force_login(make_member(acme, role))

    for row in rows:
        for name in ("change", "issued", "rotate", "invalidate"):
            assert client.get(page(row, name)).status_code == 404
            assert client.post(page(row, name), {"grace": "now"}).status_code == 404
        kind = type(row).__name__.lower()
        for name in ("changelist", "add"):
            assert client.post(reverse(f"admin:partners_{kind}_{name}"), FORM).status_code == 404
        row.refresh_from_db()
        assert row.state == "live"
    assert DataImportKey.objects.count() == PartnerApiKey.objects.count() == 1


def test_the_audit_log_calls_a_key_by_its_label_and_leads_to_it(client, acme, olga, tinyclues):
    row = issue_data_import_key(tinyclues, acme, by="a test", label="from spring").row

    shown = client.get(reverse("admin:workspaces_auditentry_changelist")).content.decode()

    assert f"from spring ({row.prefix})" in shown
    assert page(row, "change") in shown
