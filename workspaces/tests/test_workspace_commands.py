"""`create_workspace` and `issue_rest_api_key`."""

from datetime import timedelta

import pytest
from django.core.management import CommandError

from common import keyring
from common.keys import KeyKind, parse
from tests.commands import manage
from tests.factories import make_workspace
from workspaces.models import AuditEntry, RestApiKey, Workspace

pytestmark = pytest.mark.django_db


def test_create_workspace_prints_the_slug_and_nothing_else():
    assert manage("create_workspace", "acme", "--name", "Acme Ltd").out == "acme\n"

    assert Workspace.objects.get().name == "Acme Ltd"
    assert AuditEntry.objects.get().actor == "manage.py create_workspace"


def test_a_workspace_without_a_name_is_called_by_its_slug():
    manage("create_workspace", "acme")

    assert Workspace.objects.get().name == "acme"


def test_a_workspace_is_made_once():
    make_workspace()

    with pytest.raises(CommandError, match=r"^There is already a workspace acme\.$"):
        manage("create_workspace", "acme")


@pytest.mark.parametrize("slug", ["", "a c", "café", "a/b", "a" * 51])
def test_a_workspace_needs_a_slug_that_is_one(slug):
    with pytest.raises(CommandError):
        manage("create_workspace", slug)

    assert not Workspace.objects.exists()


def test_issue_rest_api_key_prints_the_key_and_nothing_else():
    make_workspace()

    outcome = manage(
        *("issue_rest_api_key", "--workspace", "acme", "--permissions", "all"),
        *("--label", "warehouse", "--expires-in", "12h"),
        *("--allow-network", "203.0.113.0/24", "--allow-network", "2001:db8::1"),
    )

    (text,) = outcome.lines
    row = RestApiKey.objects.get()
    assert keyring.opens(parse(text, KeyKind.REST_API), row)
    assert row.label == "warehouse"
    assert row.allowed_networks == ["203.0.113.0/24", "2001:db8::1/128"]
    assert row.expires_at - row.created_at == timedelta(hours=12)
    assert row.prefix in outcome.err
    assert text not in outcome.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--workspace", "globex", "--permissions", "all"], "no workspace globex"),
        (["--workspace", "acme", "--permissions", "everything"], "no permission everything"),
        (["--workspace", "acme", "--permissions", ","], "at least one permission"),
        (
            ["--workspace", "acme", "--permissions", "all", "--allow-network", "home"],
            "no network: 'home'",
        ),
        (
            ["--workspace", "acme", "--permissions", "all", "--expires-in", "soon"],
            "as in 90d",
        ),
        (["--workspace", "acme", "--permissions", "all", "--label", "x" * 256], "too long"),
        (["--permissions", "all"], "--workspace"),
        (["--workspace", "acme"], "--permissions"),
    ],
)
def test_issue_rest_api_key_says_what_is_wrong_and_issues_nothing(arguments, sentence):
    make_workspace()

    with pytest.raises(CommandError, match=sentence):
        manage("issue_rest_api_key", *arguments)
