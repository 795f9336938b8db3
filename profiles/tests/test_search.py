"""Whoever has an id, an address or a number of a user finds them, and nobody else's users."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cohorts.tests.factories import make_anonymous, make_users, name_user
from profiles import search, waiting
from profiles.models import IdentifierKind, Profile
from tests.factories import make_workspace

pytestmark = pytest.mark.django_db

ALIAS, DEVICE = IdentifierKind.ALIAS, IdentifierKind.DEVICE


@pytest.fixture
def acme():
    """Ann is identified, Bob has an alias, Eve a device; Kim has nothing that is hers alone."""
    workspace = make_workspace()
    make_users(workspace, ["ann", "00999999999", " spaced ", "a:b:c", "+33 6 11"])
    people = {name: make_anonymous(workspace) for name in ("bob", "eve", "kim", "colon")}
    name_user(people["bob"], ALIAS, "b-1", label="card")
    name_user(people["eve"], DEVICE, "phone-of-eve")
    name_user(people["kim"], ALIAS, "b-1", label="other card")
    name_user(people["colon"], ALIAS, "x:y", label="a:b")
    attributes = {
        "bob": {"email": "Bob@Example.com", "phone": "+33 (6) 39-98.12/34"},
        "eve": {"email": "eve@example.com", "phone": "0033639981299"},
        "kim": {"email": "eve@example.com", "phone": "06 39 98 12 34"},
    }
    for name, values in attributes.items():
        Profile.objects.filter(pk=people[name].pk).update(attributes=values)
    workspace.names = {profile.pk: name for name, profile in people.items()}
    return workspace


def found(workspace, text):
    profiles = search.find(workspace.pk, text).profiles
    return [profile.external_id or workspace.names[profile.pk] for profile in profiles]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("ann", ["ann"]),
        (" ann\n", ["ann"]),
        ("Ann", []),
        (" spaced ", [" spaced "]),
        ("spaced", []),
        ("00999999999", ["00999999999"]),
        ("999999999", []),
        ("a:b:c", ["a:b:c"]),
        ("card:b-1", ["bob"]),
        ("other card:b-1", ["kim"]),
        ("b-1", []),
        ("card:", []),
        (":b-1", []),
        ("a:b:x:y", ["colon"]),
        ("phone-of-eve", ["eve"]),
        ("bob@example.com", ["bob"]),
        ("BOB@EXAMPLE.COM ", ["bob"]),
        ("bob@example", []),
        ("+33639981234", ["bob"]),
        ("00 33 639 98 12 34", ["bob"]),
        ("33 639981234", ["bob"]),
        ("+33 639-98-12-99", ["eve"]),
        ("0639981234", ["kim"]),
        ("(+)", []),
        ("", []),
        ("   ", []),
        ("\0", []),
        ("ann\0", []),
        ("9" * 19, []),
        ("9" * 600, []),
        (":" * 600, []),
        ("²", []),
    ],
)
def test_text_finds(acme, text, names):
    assert found(acme, text) == names


def test_several_hits_are_all_found(acme):
    assert sorted(found(acme, "EVE@example.com")) == ["eve", "kim"]


def test_a_user_is_found_by_their_braze_id(acme):
    for pk, name in acme.names.items():
        assert found(acme, str(pk)) == [name]


def test_a_user_named_by_an_id_comes_before_one_with_that_number(acme):
    Profile.objects.filter(external_id="ann").update(attributes={"phone": "+33611"})

    assert found(acme, "+33 6 11") == ["+33 6 11", "ann"]


def test_a_device_that_matching_ignores_still_finds_its_user(acme):
    ann = Profile.objects.get(external_id="ann")
    name_user(ann, DEVICE, "phone-of-ann")

    assert found(acme, "phone-of-ann") == ["ann"]


def test_an_id_that_waits_is_told_and_nobody_is_found(acme):
    waiting.reserve(acme.pk, ALIAS, [("card", "b-2")])

    found = search.find(acme.pk, "card:b-2")

    assert found.profiles == []
    assert [str(identifier) for identifier in found.waiting] == ["card:b-2"]


def test_nobody_of_another_workspace_is_found(acme):
    globex = make_workspace("globex")
    globex.names = {}
    pk = next(iter(acme.names))
    waiting.reserve(acme.pk, DEVICE, [("", "d")])

    for text in ("ann", "card:b-1", "phone-of-eve", "bob@example.com", "+33639981234", str(pk)):
        assert found(globex, text) == []
    assert search.find(globex.pk, "d").waiting == []


def queries(workspace, text):
    with CaptureQueriesContext(connection) as captured:
        search.find(workspace.pk, text)
    return len(captured)


def test_searching_takes_as_many_queries_however_many_colons(acme):
    # The map, then the users that it names, then those with the address.
    assert queries(acme, "a:b:x:y") == 2
    assert queries(acme, "a:b@example.com:" + ":" * 400) == 2


@pytest.mark.parametrize(
    ("users", "index"),
    [
        (lambda: search.by_email(1, "a@example.com"), "profiles_profile_email"),
        (lambda: search.by_phone(1, "+33 6 11"), "profiles_profile_phone"),
    ],
    ids=["email", "phone"],
)
def test_addresses_and_numbers_are_sought_in_their_index_in_the_order_shown(acme, users, index):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")

    plan = users().explain()

    assert f"Index Scan Backward using {index}" in plan
    assert "Sort" not in plan


def test_an_address_may_be_as_long_as_an_attribute(acme):
    address = "x" * 400 + "@example.com"
    longest = address + "y" * (5_000 - len(address))
    Profile.objects.filter(external_id="ann").update(attributes={"email": longest})
    Profile.objects.filter(external_id="a:b:c").update(attributes={"email": address})

    assert found(acme, address) == ["a:b:c"]


def test_no_more_are_read_of_an_address_that_many_share(acme, monkeypatch):
    monkeypatch.setattr(search, "MOST_HITS", 2)
    Profile.objects.update(attributes={"email": "shop@example.com"})

    assert len(found(acme, "shop@example.com")) == 2
