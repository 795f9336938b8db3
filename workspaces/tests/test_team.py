"""The team of a workspace: invited by a link, given roles, taken out, never left alone."""

import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories import make_member, make_nobody, make_operator, make_workspace
from workspaces.accounts import factors
from workspaces.models import AuditEntry, Invitation, Membership, User
from workspaces.roles import Role
from workspaces.team import invitations, members
from workspaces.tests.phone import Phone
from workspaces.tests.signing_in import PASSWORD, Browser

pytestmark = pytest.mark.django_db

TEAM = reverse("admin:workspaces_membership_changelist")
INVITE = reverse("admin:workspaces_membership_add")
JOIN = reverse("join")
NEW = {"first_name": "Nina", "last_name": "New", "password": PASSWORD}


@pytest.fixture(autouse=True)
def quick_hashes(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def acme():
    return make_workspace()


@pytest.fixture
def ada(acme):
    client = Client()
    client.force_login(make_member(acme, Role.ADMINISTRATOR))
    return client


def invite(client, email="nina@example.com", role=Role.MARKETER):
    """The link, as the page shows it to whoever invites."""
    answer = client.post(INVITE, {"email": email, "role": role})
    assert answer.status_code == 302, answer.context["form"].errors
    return client.get(answer["Location"]).context["link"].removeprefix("http://testserver")


def place_of(person, workspace):
    return Membership.objects.get(user=person, workspace=workspace)


def page(name, place):
    return reverse(f"admin:workspaces_membership_{name}", args=[place.pk])


def noted(action):
    return AuditEntry.objects.filter(action=action)


# --- Inviting --------------------------------------------------------------------------


def test_an_invited_person_makes_an_account_and_is_in(acme, ada):
    link = invite(ada, "Nina@Example.com")
    nina = Client()
    assert nina.get(link)["Location"] == JOIN
    assert b"nina@example.com as your username" in nina.get(JOIN).content

    answer = nina.post(JOIN, NEW)

    assert answer["Location"] == reverse("admin:index")
    assert b"Welcome to the team of Acme" in nina.get(answer["Location"]).content
    person = User.objects.get(username="nina@example.com")
    assert place_of(person, acme).role == Role.MARKETER
    assert person.get_full_name() == "Nina New"
    assert (person.is_staff, person.is_superuser) == (True, False)
    assert Browser().log_in("nina@example.com")["Location"] == reverse("admin:index")
    assert noted("invitation.made").get().actor == "ada"
    assert noted("invitation.accepted").get().workspace == acme
    assert noted("membership.added").get().details == {"role": "marketer"}
    assert PASSWORD not in str(list(AuditEntry.objects.values()))


def test_the_link_is_shown_once(ada):
    answer = ada.post(INVITE, {"email": "nina@example.com", "role": Role.VIEWER})
    once = ada.get(answer["Location"])
    link = once.context["link"]
    assert link in once.content.decode()
    assert "no-store" in once["Cache-Control"]

    again = ada.get(answer["Location"]).content.decode()

    assert "has been shown" in again
    assert link.rsplit("/", 2)[1] not in again


def test_a_link_works_once(acme, ada):
    link = invite(ada)
    first, second = Client(), Client()
    first.get(link)
    second.get(link)
    first.post(JOIN, NEW)

    assert second.post(JOIN, {**NEW, "first_name": "Mallory"}).status_code == 404
    assert Client().get(link).status_code == 404
    assert Membership.objects.filter(workspace=acme).count() == 2


@pytest.mark.parametrize("how", ["expired", "revoked", "renewed", "cut off", "altered"])
def test_a_link_that_is_no_longer_good_opens_nothing(acme, ada, how):
    link = invite(ada)
    invitation = Invitation.objects.get()
    if how == "expired":
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif how == "revoked":
        path = reverse("admin:workspaces_membership_revoke", args=[invitation.pk])
        assert b"nina@example.com" in ada.get(path).content
        ada.post(path)
        assert noted("invitation.revoked").get().object_id == "nina@example.com"
    elif how == "renewed":
        invite(ada)
    elif how == "cut off":
        link = f"{link[:-2]}/"
    elif how == "altered":
        Invitation.objects.update(digest=b"\0" * 32)

    client = Client()
    answer = client.get(link)

    assert answer.status_code == 404
    assert b"opens nothing any more" in answer.content
    assert client.post(JOIN, NEW).status_code == 404
    assert not User.objects.filter(username="nina@example.com").exists()


def test_a_link_revoked_while_the_form_is_filled_in_opens_nothing(acme, ada):
    client = Client()
    client.get(invite(ada))
    invitations.revoke(Invitation.objects.get(), by="tests")

    assert client.post(JOIN, NEW).status_code == 404
    assert not User.objects.filter(username="nina@example.com").exists()


def test_whoever_has_an_account_signs_in_and_joins(acme, ada):
    noor = make_nobody("noor", PASSWORD)
    User.objects.filter(pk=noor.pk).update(email="noor@example.com")
    browser = Browser()
    link = invite(ada, "noor@example.com", Role.OPERATOR)
    browser.client.get(link)
    asked = browser.client.get(JOIN)
    assert asked.context["sign_in_path"].endswith("?next=%2Fjoin%2F")

    assert browser.log_in("noor", onwards=JOIN)["Location"] == JOIN
    assert b"logged in as noor" in browser.client.get(JOIN).content
    answer = browser.client.post(JOIN)

    assert answer["Location"] == reverse("admin:index")
    assert place_of(noor, acme).role == Role.OPERATOR


def test_somebody_elses_account_cannot_be_made_by_a_link(acme, ada):
    make_nobody("nina@example.com", PASSWORD)
    client = Client()
    client.get(invite(ada))

    answer = client.post(JOIN, {**NEW, "password": "another password"})

    assert b"There is an account with this address already" in answer.content
    assert User.objects.get(username="nina@example.com").check_password(PASSWORD)


def test_a_second_factor_is_asked_for_before_somebody_joins(acme, ada):
    noor = make_nobody("noor@example.com", PASSWORD)
    factors.begin(noor)
    phone = Phone(factors.secret_to_learn(factors.begun(noor)))
    factors.confirm(noor, phone.code(-1))
    browser = Browser()
    browser.client.get(invite(ada, "noor@example.com"))

    browser.log_in("noor@example.com", onwards=JOIN)

    assert not Membership.objects.filter(user=noor).exists()
    assert browser.type_code(phone.code())["Location"] == JOIN
    browser.client.post(JOIN)
    assert place_of(noor, acme)


def test_a_member_is_not_invited_again(acme, ada):
    make_member(acme, Role.VIEWER, "vera@example.com")

    answer = ada.post(INVITE, {"email": "Vera@example.com", "role": Role.OPERATOR})

    assert b"in the team already" in answer.content
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("password", ["short", "password"])
def test_a_weak_password_is_refused_with_the_reason(acme, ada, password):
    client = Client()
    client.get(invite(ada))

    answer = client.post(JOIN, {**NEW, "password": password})

    assert answer.context["form"].errors["password"]
    assert not User.objects.filter(username="nina@example.com").exists()


def test_the_list_shows_who_is_in_and_who_is_invited(acme, ada):
    make_member(acme, Role.VIEWER)
    invite(ada)
    invite(ada, "old@example.com")
    Invitation.objects.filter(email="old@example.com").update(
        expires_at=timezone.now() - timedelta(days=1)
    )

    shown = ada.get(TEAM).content.decode()

    for text in ("ada", "vera", "Viewer", "nina@example.com", "by ada", "expired"):
        assert text in shown


# --- Mail ------------------------------------------------------------------------------


def test_the_link_is_mailed_where_mail_is_set_up(ada, settings):
    settings.EMAIL_URL = "smtp://mail.example.com"

    link = invite(ada)

    (sent,) = mail.outbox
    assert sent.to == ["nina@example.com"]
    assert f"http://testserver{link}" in sent.body
    assert "ada invites you to the team of Acme on Quayside, as Marketer." in sent.body
    assert sent.subject == "Join Acme on Quayside"


def test_without_mail_the_link_is_handed_over(ada):
    assert b"no mail is sent" in ada.get(INVITE).content
    invite(ada)

    assert mail.outbox == []


def test_a_mail_server_that_is_away_costs_only_the_mail(ada, settings):
    settings.EMAIL_URL = "smtp://127.0.0.1:9"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9

    answer = ada.post(INVITE, {"email": "nina@example.com", "role": Role.VIEWER})
    shown = ada.get(answer["Location"])

    assert b"take the invitation: hand over the link" in shown.content
    assert shown.context["link"]


# --- Roles and leaving -----------------------------------------------------------------


def test_a_role_is_changed_and_holds_from_the_next_click(acme, ada):
    marta = make_member(acme, Role.MARKETER)
    client = Client()
    client.force_login(marta)
    keys = reverse("admin:workspaces_restapikey_changelist")
    assert client.get(keys).status_code == 404

    ada.post(page("change", place_of(marta, acme)), {"role": Role.OPERATOR})

    assert client.get(keys).status_code == 200
    entry = noted("membership.changed").get()
    assert (entry.workspace, entry.actor, entry.object_id) == (acme, "ada", "marta")
    assert entry.details["role"] == {"from": "marketer", "to": "operator"}


def test_somebody_is_removed_and_finds_nothing_with_the_next_click(acme, ada):
    marta = make_member(acme, Role.MARKETER)
    client = Client()
    client.force_login(marta)
    cohorts = reverse("admin:cohorts_cohort_changelist")
    assert client.get(cohorts).status_code == 200
    path = page("delete", place_of(marta, acme))
    assert b"they find nothing of Acme any more" in ada.get(path).content

    ada.post(path)

    assert client.get(cohorts).status_code == 404
    assert User.objects.filter(pk=marta.pk).exists()
    assert noted("membership.removed").get().object_id == "marta"


@pytest.mark.parametrize("deed", ["demoted", "removed"])
def test_the_last_administrator_stays_one(acme, ada, deed):
    place = Membership.objects.get(user__username="ada")
    closed = make_member(acme, Role.ADMINISTRATOR, "left-long-ago")
    User.objects.filter(pk=closed.pk).update(is_active=False)

    if deed == "demoted":
        answer = ada.post(page("change", place), {"role": Role.VIEWER})
    else:
        answer = ada.post(page("delete", place), follow=True)

    assert b"They are the last administrator" in answer.content
    assert Membership.objects.get(pk=place.pk).role == Role.ADMINISTRATOR


def test_one_of_two_administrators_may_go(acme, ada):
    make_member(acme, Role.ADMINISTRATOR, "olaf")

    answer = ada.post(page("delete", Membership.objects.get(user__username="ada")))

    assert answer["Location"] == reverse("admin:index")
    assert not Membership.objects.filter(user__username="ada").exists()


@pytest.mark.django_db(transaction=True)
def test_two_administrators_who_remove_each_other_at_once_leave_one(acme):
    people = [make_member(acme, Role.ADMINISTRATOR, name) for name in ("ada", "olaf")]
    places = [place_of(person, acme) for person in people]
    both, refused = threading.Barrier(2), []

    def remove(place, by):
        both.wait(timeout=10)
        try:
            members.remove(place, by=by)
        except members.LastAdministrator as refusal:
            refused.append(refusal)
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=remove, args=(place, by))
        for place, by in zip(places, reversed(people), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(refused) == 1
    assert Membership.objects.filter(workspace=acme, role=Role.ADMINISTRATOR).count() == 1


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.MARKETER, Role.VIEWER])
def test_the_team_is_for_administrators_to_see_and_change(acme, ada, role):
    link = invite(ada)
    invitation = Invitation.objects.get()
    client = Client()
    client.force_login(make_member(acme, role))
    ada_s = Membership.objects.get(user__username="ada")

    for path in (
        TEAM,
        INVITE,
        page("change", ada_s),
        page("delete", ada_s),
        page("signin", ada_s),
        reverse("admin:workspaces_membership_invited", args=[invitation.pk]),
        reverse("admin:workspaces_membership_revoke", args=[invitation.pk]),
    ):
        assert client.get(path).status_code == 404
        assert client.post(path, {"role": role, "deed": "unlock"}).status_code == 404
    assert Client().get(link).status_code == 302


def test_whoever_runs_the_installation_invites_the_first_administrator():
    make_workspace("globex")
    olga = Client()
    olga.force_login(make_operator())
    assert b"Nobody is in the team yet" in olga.get(TEAM).content

    link = invite(olga, "gus@example.com", Role.ADMINISTRATOR)

    gus = Client()
    gus.get(link)
    gus.post(JOIN, NEW)
    assert gus.get(TEAM).status_code == 200
