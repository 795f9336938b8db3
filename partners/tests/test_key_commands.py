"""The commands by which an operator adds a partner, and issues, lists and invalidates keys."""

from datetime import timedelta

import pytest
from django.core.management import CommandError

from common import keyring
from common.keys import KeyKind, parse
from partners.models import DataImportKey, Partner, PartnerApiKey
from tests.commands import manage
from tests.factories import make_keys, make_partner, make_rest_key, make_workspace
from workspaces.models import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme():
    return make_workspace()


@pytest.fixture
def tinyclues():
    return make_partner()


def test_create_partner_adds_a_partner_of_one_s_own():
    assert manage("create_partner", "harbour", "--name", "Harbour Data").out == "harbour\n"

    assert Partner.objects.get(slug="harbour").name == "Harbour Data"
    assert AuditEntry.objects.get().action == "partner.added"


@pytest.mark.parametrize("slug", ["tinyclues", "", "har bour", "har/bour"])
def test_create_partner_needs_a_slug_that_is_one_and_free(slug, tinyclues):
    with pytest.raises(CommandError):
        manage("create_partner", slug)


def test_issue_partner_api_key_prints_the_key_and_nothing_else(tinyclues):
    outcome = manage("issue_partner_api_key", "tinyclues")

    (text,) = outcome.lines
    row = PartnerApiKey.objects.get()
    assert row.partner == tinyclues
    assert keyring.opens(parse(text, KeyKind.PARTNER_API), row)
    assert text not in outcome.err


def test_issue_partner_api_key_names_the_partners_when_it_knows_none_by_that_slug():
    with pytest.raises(CommandError, match=r"^There is no partner tinyclue\. There are: .*segment"):
        manage("issue_partner_api_key", "tinyclue")


def test_issue_data_import_key_prints_the_key_and_nothing_else(acme, tinyclues):
    outcome = manage(
        *("issue_data_import_key", "tinyclues", "--workspace", "acme"),
        *("--label", "spring", "--expires-in", "90d"),
    )

    (text,) = outcome.lines
    row = DataImportKey.objects.get()
    assert (row.partner, row.workspace, row.label) == (tinyclues, acme, "spring")
    assert row.expires_at - row.created_at == timedelta(days=90)
    assert keyring.opens(parse(text, KeyKind.DATA_IMPORT), row)
    assert row.created_by == "manage.py issue_data_import_key"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["tinyclue", "--workspace", "acme"], "There is no partner tinyclue"),
        (["tinyclues", "--workspace", "globex"], r"no workspace globex\. There are: acme\.$"),
        (["tinyclues", "--workspace", "acme", "--expires-in", "90"], "as in 90d"),
        (["tinyclues"], "--workspace"),
    ],
)
def test_issue_data_import_key_says_what_is_wrong(acme, tinyclues, arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        manage("issue_data_import_key", *arguments)

    assert not DataImportKey.objects.exists()


def test_list_keys_shows_prefix_kind_state_and_last_use(acme, tinyclues):
    make_keys(acme, tinyclues)
    make_rest_key(acme, label="ware\thouse\n")
    DataImportKey.objects.update(last_used_at="2026-03-01T12:00:00Z")

    rows = [line.split("\t") for line in manage("list_keys", "--workspace", "acme").lines]

    assert [row[1:] for row in rows] == [
        ["partner_api_key", "live", "never", ""],
        ["data_import_key", "live", "2026-03-01T12:00:00+00:00", ""],
        ["rest_api_key", "live", "never", "ware house"],
    ]
    assert all(keyring.find(row[0]) for row in rows)


def test_list_keys_shows_no_secret(acme, tinyclues):
    texts = [*make_keys(acme, tinyclues), make_rest_key(acme)]

    outcome = manage("list_keys", "--workspace", "acme")

    for text in texts:
        assert text.rsplit("_", 1)[1] not in outcome.out + outcome.err


def test_list_keys_shows_no_key_of_another_workspace(acme, tinyclues):
    globex = make_workspace("globex")
    make_keys(globex, make_partner("segment"))
    make_rest_key(globex)

    outcome = manage("list_keys", "--workspace", "acme")

    assert outcome.out == ""
    assert "No key opens this workspace yet." in outcome.err


def test_list_keys_says_that_a_workspace_is_unknown():
    with pytest.raises(CommandError, match="no workspace acme.*create_workspace makes one"):
        manage("list_keys", "--workspace", "acme")


def test_invalidate_key_stops_every_kind_of_key(acme, tinyclues):
    texts = [*make_keys(acme, tinyclues), make_rest_key(acme)]

    for text in texts:
        prefix = text.rsplit("_", 1)[0]
        outcome = manage("invalidate_key", prefix)
        assert outcome.out.split("\t")[0] == prefix
        assert outcome.out.split("\t")[2] == "invalidated"
        assert keyring.find(prefix).invalidated_at is not None


def test_invalidate_key_takes_a_whole_key_and_does_not_show_it(acme):
    text = make_rest_key(acme)

    outcome = manage("invalidate_key", text)

    assert keyring.find(text).state == "invalidated"
    assert text not in outcome.out + outcome.err


def test_invalidating_twice_is_no_error(acme):
    prefix = make_rest_key(acme).rsplit("_", 1)[0]
    first = manage("invalidate_key", prefix)

    second = manage("invalidate_key", prefix)

    assert second.out == first.out
    assert "already" in second.err
    assert AuditEntry.objects.filter(action="rest_api_key.invalidated").count() == 1


def test_an_unknown_prefix_is_not_repeated(acme):
    text = make_rest_key(acme)

    for typed in ("qs_rak_000000000000", text[:-1], "everything"):
        with pytest.raises(CommandError) as error:
            manage("invalidate_key", typed)
        assert typed not in str(error.value)
