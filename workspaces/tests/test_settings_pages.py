"""The pages under Settings: team, workspaces, REST API keys, audit log."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import (
    make_member,
    make_nobody,
    make_operator,
    make_rest_key,
    make_workspace,
)
from workspaces import audit
from workspaces.current import SESSION_KEY
from workspaces.models import AuditEntry, Membership, User, Workspace
from workspaces.roles import Role

pytestmark = pytest.mark.django_db

WORKSPACE = {"name": "Acme", "waiting_retention_days": "7", "waiting_cap": "1000"}


@pytest.fixture
def acme():
    return make_workspace()


@pytest.fixture
def olga(client, acme):
    person = make_operator()
    client.force_login(person)
    return person


def signed_in(person):
    client = Client()
    client.force_login(person)
    return client


def change_form(model, pk):
    return reverse(f"admin:workspaces_{model}_change", args=[pk])


def latest():
    return AuditEntry.objects.order_by("-pk").first()


# --- Workspaces ------------------------------------------------------------------------


def test_a_workspace_is_made_and_noted(client, olga):
    answer = client.post(
        reverse("admin:workspaces_workspace_add"), {**WORKSPACE, "name": "Globex", "slug": "globex"}
    )

    assert answer.status_code == 302
    globex = Workspace.objects.get(slug="globex")
    assert globex.waiting_retention_days == 7
    entry = latest()
    assert (entry.workspace, entry.actor, entry.action) == (globex, "olga", "workspace.created")


def test_a_change_is_noted_with_the_fields_and_without_their_values(client, olga, acme):
    client.post(change_form("workspace", acme.pk), {**WORKSPACE, "name": "Acme & Sons"})

    entry = latest()
    assert (entry.workspace, entry.actor, entry.action) == (acme, "olga", "workspace.changed")
    assert "Sons" not in str(entry.details)
    assert entry.details["changes"][0]["changed"]["fields"]


def test_what_the_waiting_room_was_and_is_now_is_noted(client, olga, acme):
    client.post(
        change_form("workspace", acme.pk),
        {"name": "Acme", "waiting_retention_days": "7", "waiting_cap": "10000000"},
    )

    acme.refresh_from_db()
    assert acme.waiting_retention_days == 7
    assert (latest().workspace, latest().actor) == (acme, "olga")
    assert latest().details["changes"][-1] == {
        "values": {"waiting_retention_days": {"from": 30, "to": 7}}
    }


def test_the_page_says_what_becomes_of_waiting_ids(client, olga, acme):
    shown = client.get(change_form("workspace", acme.pk)).content

    assert b"leave every cohort for good" in shown
    assert b"Lowering it removes nobody" in shown


def test_a_workspace_keeps_its_slug(client, olga, acme):
    client.post(change_form("workspace", acme.pk), {**WORKSPACE, "slug": "other"})

    acme.refresh_from_db()
    assert acme.slug == "acme"


@pytest.mark.parametrize("model", ["workspace", "user", "restapikey", "auditentry"])
def test_nothing_under_settings_is_deleted(client, olga, acme, model):
    make_rest_key(acme)
    example = {"workspace": acme.pk, "user": olga.pk}.get(model) or (
        acme.rest_api_keys.get().pk if model == "restapikey" else latest().pk
    )

    answer = client.post(reverse(f"admin:workspaces_{model}_delete", args=[example]))

    assert answer.status_code == 403


# --- Looking at one workspace ----------------------------------------------------------


def test_lists_show_the_workspace_that_was_chosen(client, olga, acme):
    globex = make_workspace("globex")
    make_rest_key(acme, label="of acme")
    make_rest_key(globex, label="of globex")
    listed = reverse("admin:workspaces_restapikey_changelist")
    assert b"of acme" in client.get(listed).content
    assert b"of globex" not in client.get(listed).content

    answer = client.get(reverse("switch-workspace", args=["globex"]))

    assert answer["Location"] == reverse("admin:index")
    assert b"of acme" not in client.get(listed).content
    assert b"of globex" in client.get(listed).content
    assert b"Globex" in client.get(reverse("admin:index")).content


def test_a_key_of_another_workspace_has_no_page_here(client, olga, acme):
    make_rest_key(make_workspace("globex"))
    key = Workspace.objects.get(slug="globex").rest_api_keys.get()

    answer = client.get(change_form("restapikey", key.pk))

    assert answer.status_code == 404


@pytest.fixture
def three_entries(acme):
    globex = make_workspace("globex")
    for workspace, name in ((acme, "in-acme"), (globex, "in-globex"), (None, "everywhere")):
        audit.record(
            workspace=workspace, by="a test", action="x.done", object_type="x", object_id=name
        )


def test_whoever_runs_the_installation_reads_its_entries_too(client, olga, three_entries):
    shown = client.get(reverse("admin:workspaces_auditentry_changelist")).content

    assert b"in-acme" in shown
    assert b"everywhere" in shown
    assert b"in-globex" not in shown


def test_an_administrator_reads_the_entries_of_the_workspace_alone(acme, three_entries):
    client = signed_in(make_member(acme, Role.ADMINISTRATOR))

    shown = client.get(reverse("admin:workspaces_auditentry_changelist")).content

    assert b"in-acme" in shown
    assert b"everywhere" not in shown
    assert b"in-globex" not in shown


def test_switching_takes_a_workspace_that_exists_and_somebody_of_the_team(client, olga):
    assert client.get(reverse("switch-workspace", args=["nowhere"])).status_code == 404
    assert client.post(reverse("switch-workspace", args=["acme"])).status_code == 405
    stranger = Client().get(reverse("switch-workspace", args=["acme"]))
    assert stranger["Location"].startswith(reverse("admin:login"))


def test_a_workspace_that_is_gone_is_no_longer_looked_at(client, olga, acme):
    globex = make_workspace("globex")
    client.get(reverse("switch-workspace", args=["globex"]))
    assert client.session[SESSION_KEY] == globex.pk

    globex.delete()

    assert b"Acme" in client.get(reverse("admin:index")).content


# --- Accounts --------------------------------------------------------------------------


def test_somebody_is_added_to_the_team_and_noted(client, olga):
    answer = client.post(
        reverse("admin:workspaces_user_add"),
        {
            "username": "marta",
            "password1": "quays and cranes",
            "password2": "quays and cranes",
        },
    )

    assert answer.status_code == 302
    assert User.objects.get(username="marta").check_password("quays and cranes")
    assert (latest().action, latest().object_id) == ("user.created", "marta")
    assert "cranes" not in str(latest().details)


def test_a_new_password_is_noted_and_not_shown(client, olga):
    marta = make_nobody("marta")

    client.post(
        reverse("admin:auth_user_password_change", args=[marta.pk]),
        {
            "password1": "quays and cranes",
            "password2": "quays and cranes",
        },
    )

    marta.refresh_from_db()
    assert marta.check_password("quays and cranes")
    assert (latest().actor, latest().action, latest().object_id) == (
        "olga",
        "user.changed",
        "marta",
    )
    assert "cranes" not in str(latest().details)


@pytest.mark.parametrize("role", Role.values)
def test_accounts_are_for_whoever_runs_the_installation(olga, acme, role):
    """The password of another, or their being a superuser, would be as good as any role."""
    client = signed_in(make_member(acme, role, "mallory"))
    mallory = User.objects.get(username="mallory")

    for person in (mallory, olga):
        for address in (
            reverse("admin:workspaces_user_changelist"),
            reverse("admin:workspaces_user_add"),
            change_form("user", person.pk),
            reverse("admin:auth_user_password_change", args=[person.pk]),
        ):
            answer = client.post(
                address,
                {
                    "username": "mallory",
                    "is_active": "on",
                    "is_staff": "on",
                    "is_superuser": "on",
                    "password1": "quays and cranes",
                    "password2": "quays and cranes",
                },
            )
            assert answer.status_code == 404
    mallory.refresh_from_db()
    assert not mallory.is_superuser
    assert User.objects.get(pk=olga.pk).username == "olga"


def test_who_can_t_sign_in_is_told_what_was_wrong_and_nothing_of_staff(client, olga):
    stranger = Client()

    answer = stranger.post(reverse("admin:login"), {"username": "olga", "password": "guess"})

    assert "That is not the username with its password." in answer.content.decode()
    assert "staff" not in answer.content.decode()


def test_an_account_s_form_speaks_of_roles_and_not_of_permissions(client, olga):
    """Roles are per workspace: a permission that Django hands out means nothing here."""
    olga_s = change_form("user", olga.pk)

    page = client.get(olga_s)

    assert {"groups", "user_permissions", "password"}.isdisjoint(
        page.context["adminform"].form.fields
    )
    words = page.content.decode()
    assert "Runs the installation" in words
    assert reverse("admin:auth_user_password_change", args=[olga.pk]) in words
    assert not [word for word in ("Superuser", "Staff", "pbkdf2", "salt") if word in words]


# --- Looking at one's own workspaces ----------------------------------------------------


def test_a_choice_of_workspace_outlives_the_session(acme):
    person = make_member(acme, Role.VIEWER)
    Membership.objects.create(user=person, workspace=make_workspace("globex"), role=Role.VIEWER)
    client = signed_in(person)
    assert b"Acme" in client.get(reverse("admin:index")).content

    client.get(reverse("switch-workspace", args=["globex"]))

    assert current_name(signed_in(person)) == "Globex"


def test_whoever_is_removed_from_a_workspace_falls_back_to_another(acme):
    person = make_member(acme, Role.VIEWER)
    place = Membership.objects.create(
        user=person, workspace=make_workspace("globex"), role=Role.VIEWER
    )
    client = signed_in(person)
    client.get(reverse("switch-workspace", args=["globex"]))

    place.delete()

    assert current_name(client) == "Acme"


def test_the_switcher_offers_one_s_own_workspaces(acme):
    make_workspace("globex")
    person = make_member(acme, Role.ADMINISTRATOR)

    shown = signed_in(person).get(reverse("admin:index")).content

    assert reverse("switch-workspace", args=["acme"]).encode() in shown
    assert reverse("switch-workspace", args=["globex"]).encode() not in shown


def current_name(client):
    return client.get(reverse("admin:index")).context["site_subheader"]
