"""REST API keys in the dashboard: generate, show once, rotate, invalidate."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from common import keyring
from common.keys import KeyKind, parse
from tests.factories import (
    bearer,
    make_member,
    make_operator,
    make_rest_key,
    make_workspace,
)
from workspaces import keys
from workspaces.key_pages import permissions
from workspaces.models import AuditEntry, RestApiKey
from workspaces.permissions import PERMISSIONS
from workspaces.roles import Role

pytestmark = pytest.mark.django_db

LIST = reverse("admin:workspaces_restapikey_changelist")
ADD = reverse("admin:workspaces_restapikey_add")
FORM = {
    "label": "warehouse",
    "expires": "90d",
    "permissions": ["cohorts.list", "users.track"],
    "networks": "203.0.113.7\n198.51.100.0/24, 203.0.113.7",
}


@pytest.fixture
def acme():
    return make_workspace()


@pytest.fixture
def olga(client, acme):
    person = make_operator()
    client.force_login(person)
    return person


@pytest.fixture
def key(acme, olga):
    return keys.issue_rest_api_key(acme, permissions=["all"], by=olga, label="warehouse")


def page(row, name):
    return reverse(f"admin:workspaces_restapikey_{name}", args=[row.pk])


def secret_in(answer):
    """The key that a page shows, or "" where it shows none."""
    text = answer.context["text"]
    assert text in answer.content.decode()
    return text


def refusals(client, **changes):
    answer = client.post(ADD, {**FORM, **changes})
    assert answer.status_code == 200
    assert not RestApiKey.objects.exists()
    return answer.context["form"].errors


# --- Generating, and showing once --------------------------------------------------------


def test_a_new_key_has_what_the_form_says(client, olga, acme):
    client.post(ADD, FORM)

    row = RestApiKey.objects.get()
    assert (row.workspace, row.label, row.created_by) == (acme, "warehouse", "olga")
    assert row.permissions == ["users.track", "cohorts.list"]
    assert row.allowed_networks == ["203.0.113.7/32", "198.51.100.0/24"]
    assert row.expires_at - row.created_at == timedelta(days=90)
    entry = AuditEntry.objects.get(action="rest_api_key.issued")
    assert (entry.actor, entry.workspace, entry.object_id) == ("olga", acme, row.prefix)


def test_a_new_key_is_shown_after_a_redirect_once_and_works(client, olga):
    answer = client.post(ADD, {**FORM, "networks": ""})

    assert answer.status_code == 302
    row = RestApiKey.objects.get()
    shown = client.get(answer["Location"])
    text = secret_in(shown)
    assert keyring.opens(parse(text, KeyKind.REST_API), row)
    assert "no-store" in shown["Cache-Control"]
    assert Client().get("/cohorts/list", **bearer(text)).status_code == 200

    again = client.get(answer["Location"])
    assert secret_in(again) == ""
    assert b"This key has been shown" in again.content


def test_neither_the_session_nor_the_cookie_alone_holds_a_new_key(client, olga):
    answer = client.post(ADD, FORM)
    waiting = " ".join(str(session.get_decoded()) for session in Session.objects.all())
    assert RestApiKey.objects.get().public_id in waiting

    text = secret_in(client.get(answer["Location"]))
    (cookie,) = (morsel for name, morsel in answer.cookies.items() if name.startswith("new_key"))
    for half in (cookie.value, waiting):
        assert text not in half
        assert text.encode().hex() not in half
    assert cookie["path"] == answer["Location"]
    assert cookie["httponly"]


def test_a_new_key_is_shown_only_to_the_browser_that_asked_for_it(client, olga):
    answer = client.post(ADD, FORM)
    stranger = Client()
    stranger.cookies["sessionid"] = client.cookies["sessionid"].value

    assert secret_in(stranger.get(answer["Location"])) == ""


def test_asking_for_the_headers_does_not_use_up_the_showing(client, olga):
    path = client.post(ADD, FORM)["Location"]

    client.head(path)

    assert secret_in(client.get(path))


def test_two_new_keys_are_each_shown_on_their_own_page(client, olga):
    first, second = (client.post(ADD, {**FORM, "label": name})["Location"] for name in "ab")

    shown = [secret_in(client.get(path)) for path in (second, first)]

    ids = [parse(text, KeyKind.REST_API).public_id for text in shown]
    assert ids == list(RestApiKey.objects.order_by("-pk").values_list("public_id", flat=True))


# --- What the form refuses ---------------------------------------------------------------


@pytest.mark.parametrize("chosen", [[], ["users.tracks"], ["all"]])
def test_a_key_needs_permissions_that_exist(client, olga, chosen):
    assert "permissions" in refusals(client, permissions=chosen)


@pytest.mark.parametrize(
    ("networks", "said"),
    [
        ("everywhere", "everywhere is neither an address nor a network."),
        ("203.0.113.7/24", "203.0.113.7/24 is not quite a network: did you mean 203.0.113.0/24?"),
        ("fe80::1%eth0", "fe80::1%eth0 is not quite a network: did you mean fe80::1/128?"),
        ("203.0.113.0/33", "203.0.113.0/33 is neither an address nor a network."),
        ("\n".join(f"203.0.113.{n}" for n in range(101)), "At most 100 of them"),
    ],
)
def test_a_text_that_is_no_network_is_refused_with_what_to_do(client, olga, networks, said):
    (problem,) = refusals(client, networks=networks)["networks"]

    assert problem.startswith(said)


def test_every_text_that_is_no_network_is_named(client, olga):
    assert len(refusals(client, networks="here, 203.0.113.7, there")["networks"]) == 2


def test_what_was_typed_stays_in_a_refused_form(client, olga):
    shown = client.post(ADD, {**FORM, "networks": "here"}).content.decode()

    assert 'value="warehouse"' in shown
    assert 'value="cohorts.list" checked' in shown
    assert 'value="cohorts.details" checked' not in shown


def test_every_permission_has_a_sentence():
    assert set(permissions.SENTENCES) == set(PERMISSIONS)


# --- Rotating and invalidating -----------------------------------------------------------


@pytest.mark.parametrize(
    ("grace", "state"), [("now", "invalidated"), ("1h", "live"), ("24h", "live"), ("7d", "live")]
)
def test_rotating_shows_a_successor_and_leaves_the_old_key_its_grace(client, key, grace, state):
    answer = client.post(page(key.row, "rotate"), {"grace": grace, "expires": ""})

    key.row.refresh_from_db()
    assert key.row.state == state
    if grace != "now":
        assert key.row.expires_at > timezone.now()
    successor = RestApiKey.objects.exclude(pk=key.row.pk).get()
    text = secret_in(client.get(answer["Location"]))
    assert keyring.opens(parse(text, KeyKind.REST_API), successor)
    assert successor.permissions == key.row.permissions


@pytest.mark.parametrize("grace", ["", "1y", "90d"])
def test_a_grace_that_is_not_offered_rotates_nothing(client, key, grace):
    assert client.post(page(key.row, "rotate"), {"grace": grace}).status_code == 200

    assert RestApiKey.objects.count() == 1


def test_a_key_with_an_expiry_is_offered_a_successor_with_one(client, acme, olga):
    row = keys.issue_rest_api_key(
        acme, permissions=["all"], by=olga, expires_in=timedelta(days=60)
    ).row

    form = client.get(page(row, "rotate")).context["form"]

    assert form["expires"].value() == "90d"


def test_invalidating_asks_and_says_when_the_key_was_last_used(client, key):
    Client().get("/cohorts/list", REMOTE_ADDR="203.0.113.7", **bearer(key.text))

    shown = client.get(page(key.row, "invalidate")).content.decode()

    assert "answered 401 Unauthorized" in shown
    assert "from 203.0.113.7" in shown
    key.row.refresh_from_db()
    assert key.row.state == "live"


def test_an_invalidated_key_is_refused_by_the_next_request(client, key, olga):
    assert Client().get("/cohorts/list", **bearer(key.text)).status_code == 200

    answer = client.post(page(key.row, "invalidate"))

    assert answer["Location"] == LIST
    assert Client().get("/cohorts/list", **bearer(key.text)).status_code == 401
    assert AuditEntry.objects.get(action="rest_api_key.invalidated").actor == "olga"


@pytest.mark.parametrize("name", ["rotate", "invalidate"])
def test_a_key_that_is_over_is_neither_rotated_nor_invalidated_again(client, key, name):
    keys.invalidate(key.row, by="a test")
    noted = AuditEntry.objects.count()

    for answer in (client.get(page(key.row, name)), client.post(page(key.row, name))):
        assert answer["Location"] == LIST
    assert (RestApiKey.objects.count(), AuditEntry.objects.count()) == (1, noted)


# --- The list, and who sees what ---------------------------------------------------------


def test_the_list_shows_what_may_be_shown_of_a_key_and_folds_away_past_ones(client, key, acme):
    make_rest_key(acme, label="old")
    old = RestApiKey.objects.get(label="old")
    keys.invalidate(old, by="a test")

    answer = client.get(LIST)

    table, shown = answer.context["table"], answer.content.decode()
    assert [row.key.label for row in table.live] == ["warehouse"]
    assert [row.key.label for row in table.past] == ["old"]
    assert f"{key.row.prefix}_…{key.row.last_four}" in shown
    assert key.text not in shown
    assert page(key.row, "rotate") in shown
    assert page(old, "rotate") not in shown


@pytest.mark.parametrize(("days", "tone"), [(None, "success"), (15, "success"), (13, "warning")])
def test_a_key_that_ends_soon_is_marked(client, acme, olga, days, tone):
    make_rest_key(acme, expires_in=days and timedelta(days=days))

    (row,) = client.get(LIST).context["table"].live

    assert row.tone == tone


def test_a_key_s_page_says_what_it_may_do(client, acme, olga):
    make_rest_key(acme, "cohorts.list", allowed_networks=["203.0.113.0/24"])

    shown = client.get(page(RestApiKey.objects.get(), "change")).content.decode()

    assert "List the cohorts that partners keep" in shown
    assert "203.0.113.0/24" in shown
    assert "Delete users for good" not in shown


def test_an_empty_list_says_what_to_do(client, olga):
    shown = client.get(LIST).content.decode()

    assert "No REST API keys yet" in shown
    assert ADD in shown


def test_keys_of_another_workspace_have_no_pages_here(client, olga, acme):
    make_rest_key(make_workspace("globex"))
    theirs = RestApiKey.objects.get()

    for name in ("change", "issued", "rotate", "invalidate"):
        assert client.get(page(theirs, name)).status_code == 404
        assert client.post(page(theirs, name), {"grace": "now"}).status_code in (403, 404)
    theirs.refresh_from_db()
    assert theirs.state == "live"
    assert RestApiKey.objects.count() == 1


def test_an_operator_makes_and_ends_keys(client, acme):
    client.force_login(make_member(acme, Role.OPERATOR))

    path = client.post(ADD, FORM)["Location"]
    assert secret_in(client.get(path))
    row = RestApiKey.objects.get()
    assert client.post(page(row, "invalidate"))["Location"] == LIST

    row.refresh_from_db()
    assert (row.created_by, row.state) == ("omar", "invalidated")


@pytest.mark.parametrize("role", [Role.MARKETER, Role.VIEWER])
def test_without_the_permission_no_key_is_seen_made_or_ended(client, acme, role):
    make_rest_key(acme)
    row = RestApiKey.objects.get()
    client.force_login(make_member(acme, role))

    assert client.get(LIST).status_code == 404
    assert client.post(ADD, FORM).status_code == 404
    for name in ("change", "issued", "rotate", "invalidate"):
        assert client.get(page(row, name)).status_code == 404
        assert client.post(page(row, name), {"grace": "now"}).status_code == 404
    row.refresh_from_db()
    assert row.state == "live"
    assert RestApiKey.objects.count() == 1


def test_an_operator_of_another_workspace_ends_no_key_here(client, acme):
    make_rest_key(acme)
    row = RestApiKey.objects.get()
    client.force_login(make_member(make_workspace("globex"), Role.OPERATOR))

    for name in ("change", "issued", "rotate", "invalidate"):
        assert client.post(page(row, name), {"grace": "now"}).status_code == 404
    row.refresh_from_db()
    assert row.state == "live"
