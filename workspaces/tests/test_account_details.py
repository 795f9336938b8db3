"""One's own name and email address."""

import pytest
from django.urls import reverse

from tests.factories import make_marketer, make_nobody, make_workspace
from workspaces.models import AuditEntry, User
from workspaces.team import invitations

pytestmark = pytest.mark.django_db

PAGE = "account-details"


@pytest.fixture
def marta():
    return make_marketer(make_workspace())


@pytest.fixture
def browser(client, marta):
    client.force_login(marta)
    return client


def save(browser, **typed):
    return browser.post(reverse(PAGE), {"first_name": "", "last_name": "", "email": "", **typed})


def test_somebody_enters_their_name_and_address_and_the_audit_log_names_the_fields(browser, marta):
    answer = save(browser, first_name="Marta", last_name="Ruiz", email="marta@example.com")

    assert answer.url == reverse("account")
    marta.refresh_from_db()
    assert (marta.get_full_name(), marta.email) == ("Marta Ruiz", "marta@example.com")
    page = browser.get(reverse("account")).content.decode()
    assert "marta@example.com" in page
    noted = AuditEntry.objects.filter(action="user.changed", actor="marta")
    assert {entry.workspace and entry.workspace.slug for entry in noted} == {None, "acme"}
    (said,) = {str(entry.details) for entry in noted}
    assert "email" in said
    assert "example.com" not in said

    save(browser, first_name="Marta", last_name="Ruiz", email="marta@example.com")
    assert noted.count() == 2, "what changes nothing is no change"


@pytest.mark.parametrize("address", ["Olga@Example.com", "PIA@example.com"])
def test_the_address_of_another_account_is_refused_also_where_it_is_the_username(
    browser, marta, address
):
    User.objects.create_user("olga", "olga@example.com")
    User.objects.create_user("pia@example.com")

    answer = save(browser, first_name="Marta", email=address)

    assert answer.status_code == 200
    assert "Another account has that address" in answer.content.decode()
    marta.refresh_from_db()
    assert (marta.first_name, marta.email) == ("", "")
    assert not AuditEntry.objects.filter(action="user.changed").exists()


def test_what_is_no_address_is_refused_and_ones_own_can_stay(browser, marta):
    assert "email" in save(browser, email="marta at example").context["form"].errors

    User.objects.filter(pk=marta.pk).update(username="marta@example.com")
    assert save(browser, email="marta@example.com").status_code == 302
    assert save(browser).status_code == 302
    marta.refresh_from_db()
    assert marta.email == ""


def test_an_invitation_to_the_address_that_somebody_entered_leads_to_their_account(browser, marta):
    save(browser, email="marta@example.com")
    invited = invitations.invite(make_workspace("globex"), "Marta@example.com", "viewer", by="Olga")

    assert invitations.account_of(invited.invitation) == marta


def test_whoever_is_in_no_team_yet_can_enter_an_address_too(client):
    client.force_login(make_nobody())

    assert client.get(reverse(PAGE)).status_code == 200
