"""A partner's page: what it shows, to whom, and what can be done there."""

import pytest
from django.urls import reverse
from django.utils import timezone

from cohorts.tests.factories import Connector, apply_all, make_users
from partners.models import DataImportKey, Integration
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


@pytest.fixture
def acme():
    return make_workspace()


@pytest.fixture
def olga(client, acme):
    person = make_operator()
    client.force_login(person)
    return person


@pytest.fixture
def tinyclues():
    return make_partner()


def page(partner, name="change"):
    return reverse(f"admin:partners_partner_{name}", args=[partner.pk])


def ticked(client, partner):
    answer = client.get(page(partner, "progress"))
    return [step.name for step in answer.context["portrait"].steps if step.is_done]


# --- What it shows -----------------------------------------------------------------------


def test_it_shows_the_endpoint_and_both_paths(client, olga, tinyclues):
    shown = client.get(page(tinyclues)).content.decode()

    assert ">http://testserver<" in shown
    assert ">/partners/tinyclues/cohorts<" in shown
    assert ">/partners/tinyclues/cohorts/users<" in shown


def test_the_endpoint_can_be_said_in_the_settings(client, olga, tinyclues, settings):
    settings.REST_ENDPOINT = "https://rest.example.com"

    shown = client.get(page(tinyclues)).content.decode()

    assert ">https://rest.example.com<" in shown
    assert "curl https://rest.example.com/partners/tinyclues/cohorts " in shown


def test_it_lists_the_keys_of_this_workspace(client, acme, olga, tinyclues):
    make_keys(acme, tinyclues)
    make_keys(make_workspace("globex"), tinyclues)
    make_keys(acme, make_partner("segment"))
    ours, theirs, other = DataImportKey.objects.order_by("pk")

    shown = client.get(page(tinyclues)).content.decode()

    assert f"{ours.prefix}_…{ours.last_four}" in shown
    assert theirs.prefix not in shown
    assert other.prefix not in shown


def test_the_samples_have_placeholders_for_the_keys(client, acme, olga, tinyclues):
    secrets = make_keys(acme, tinyclues)

    shown = client.get(page(tinyclues)).content.decode()

    assert "YOUR_PARTNER_API_KEY" in shown
    assert "YOUR_DATA_IMPORT_KEY" in shown
    assert not any(secret in shown for secret in secrets)


def test_it_names_the_filter_that_marketers_get_and_the_cohorts_in_it(client, acme, olga):
    connector = Connector()
    connector.name(name="Spring <buyers>")
    connector.add("ana", "nobody-yet")
    make_users(acme, ["ana"])
    apply_all()
    Connector("globex").name(name="Secret of Globex")

    shown = client.get(page(connector.partner)).content.decode()

    assert "Tinyclues Cohorts" in shown
    assert "Spring &lt;buyers&gt;" in shown
    assert "1 waiting" in shown
    assert "Secret of Globex" not in shown


def test_it_says_when_the_partner_has_no_key_to_identify_itself_by(client, acme, olga, tinyclues):
    assert b"has no partner API key" in client.get(page(tinyclues)).content

    make_keys(acme, tinyclues)

    assert b"has no partner API key" not in client.get(page(tinyclues)).content


def test_without_a_workspace_it_says_so(client, tinyclues):
    client.force_login(make_operator())

    assert b"There is no workspace yet" in client.get(page(tinyclues)).content


@pytest.mark.parametrize("object_id", ["0", "999999", "tinyclues", "1_2f"])
def test_a_partner_that_does_not_exist_has_no_page(client, olga, object_id):
    assert client.get(f"/admin/partners/partner/{object_id}/change/").status_code == 404


# --- The checklist -----------------------------------------------------------------------


def test_the_checklist_ticks_itself(client, acme, olga, tinyclues):
    make_users(acme, ["ana"])
    assert ticked(client, tinyclues) == []

    connector = Connector()
    assert ticked(client, tinyclues) == ["generated"]

    client.post(page(tinyclues, "handover"))
    assert ticked(client, tinyclues) == ["generated", "handed-over"]

    connector.change([])
    assert ticked(client, tinyclues) == ["generated", "handed-over", "called"]

    connector.name()
    assert ticked(client, tinyclues)[3:] == ["named"]

    connector.add("ana")
    apply_all()
    assert ticked(client, tinyclues)[4:] == ["matched"]
    assert b"hx-trigger" not in client.get(page(tinyclues, "progress")).content


def test_a_partner_that_calls_has_its_key_whether_or_not_anybody_said_so(client, olga, tinyclues):
    Connector().change([])

    assert "handed-over" in ticked(client, tinyclues)


def test_what_another_workspace_s_key_did_ticks_nothing_here(client, acme, olga, tinyclues):
    elsewhere = Connector("globex")
    elsewhere.name()

    assert ticked(client, tinyclues) == []


def test_cohorts_in_which_nobody_is_known_say_what_to_do(client, acme, olga):
    connector = Connector()
    connector.name()
    connector.add("nobody-yet")
    apply_all()

    assert b"import users" in client.get(page(connector.partner, "progress")).content


# --- Handing over, disabling, enabling ---------------------------------------------------


def test_a_disabled_partner_is_refused_until_it_is_enabled(client, acme, olga):
    connector = Connector()
    assert connector.change([]).status_code == 201

    assert b"401 Partner not enabled" in client.get(page(connector.partner, "disable")).content
    assert connector.change([]).status_code == 201

    client.post(page(connector.partner, "disable"))
    refusal = connector.change([])
    assert (refusal.status_code, refusal.json()["message"]) == (
        401,
        "Partner not enabled for client",
    )

    client.post(page(connector.partner, "enable"))
    assert connector.change([]).status_code == 201


def test_each_switch_is_noted_once(client, acme, olga):
    connector = Connector()
    for name in ("handover", "handover", "disable", "disable", "enable", "enable"):
        client.post(page(connector.partner, name))

    noted = AuditEntry.objects.filter(actor="olga", workspace=acme).order_by("pk")
    assert [entry.action for entry in noted] == [
        "integration.handed_over",
        "integration.disabled",
        "integration.enabled",
    ]
    assert {entry.object_id for entry in noted} == {"tinyclues"}


def test_disabling_here_disables_nowhere_else(client, acme, olga):
    here, elsewhere = Connector(), Connector("globex")

    client.post(page(here.partner, "disable"))

    assert here.change([]).status_code == 401
    assert elsewhere.change([]).status_code == 201


@pytest.mark.parametrize("name", ["handover", "disable", "enable"])
def test_a_partner_that_is_not_connected_here_can_t_be_switched(client, olga, tinyclues, name):
    make_keys(make_workspace("globex"), tinyclues)

    assert client.post(page(tinyclues, name)).status_code == 404
    assert not Integration.objects.exclude(disabled_at=None).exists()


# --- Who sees what -----------------------------------------------------------------------


@pytest.fixture(params=[Role.MARKETER, Role.VIEWER])
def onlooker(client, request, acme):
    """Somebody who works with cohorts, and not with keys."""
    client.force_login(make_member(acme, request.param))
    return client


def test_who_works_with_cohorts_sees_the_partner_and_no_key(onlooker, acme, tinyclues):
    make_keys(acme, tinyclues)
    Connector().name(name="Spring buyers")

    shown = onlooker.get(page(tinyclues)).content.decode()

    assert "Spring buyers" in shown
    assert "Tinyclues Cohorts" in shown
    for hidden in ("qs_dik_", "qs_pak_", "Data import keys", 'id="checklist"', "test call"):
        assert hidden not in shown


@pytest.mark.parametrize("name", ["rename", "test", "disable", "enable", "handover", "progress"])
def test_an_onlooker_changes_nothing_about_a_partner(onlooker, acme, tinyclues, name):
    make_keys(acme, tinyclues)
    Integration.objects.update(disabled_at=timezone.now() if name == "enable" else None)
    before = list(Integration.objects.values())

    for answer in (onlooker.get(page(tinyclues, name)), onlooker.post(page(tinyclues, name))):
        assert answer.status_code == 403
    assert list(Integration.objects.values()) == before
    assert onlooker.post(reverse("admin:partners_partner_add"), {}).status_code == 403


def test_an_operator_connects_and_renames_nothing_of_the_installation(client, acme, tinyclues):
    make_keys(acme, tinyclues)
    client.force_login(make_member(acme, Role.OPERATOR))

    shown = client.get(page(tinyclues)).content.decode()

    assert "Generate New Key" in shown
    assert 'id="checklist"' in shown
    assert "qs_dik_" in shown
    assert "qs_pak_" not in shown
    assert client.post(page(tinyclues, "disable"))["Location"] == page(tinyclues)
    assert client.post(page(tinyclues, "rename"), {"name": "Mine"}).status_code == 403
    assert client.post(reverse("admin:partners_partner_add"), {}).status_code == 403
