"""The gallery of technology partners, and adding and naming them."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cohorts.tests.factories import Connector
from partners.models import DataImportKey, Integration, Partner, RequestCount
from partners.pages.gallery import tiles
from tests.factories import make_keys, make_operator, make_partner, make_workspace
from workspaces.models import AuditEntry

pytestmark = pytest.mark.django_db

GALLERY = reverse("admin:partners_partner_changelist")
ADD = reverse("admin:partners_partner_add")


@pytest.fixture
def acme(client):
    workspace = make_workspace()
    client.force_login(make_operator())
    return workspace


def tile_of(client, slug):
    return next(t for t in client.get(GALLERY).context["tiles"] if t.partner.slug == slug)


def found(client, text):
    return [tile.partner.slug for tile in client.get(GALLERY, {"q": text}).context["tiles"]]


# --- Tiles -------------------------------------------------------------------------------


def test_a_tile_shows_how_a_partner_does_in_this_workspace(client, acme):
    tinyclues = make_partner()
    make_keys(make_workspace("globex"), tinyclues)
    assert tile_of(client, "tinyclues").state.words == "not connected"

    connector = Connector("acme")
    assert tile_of(client, "tinyclues").state.words == "connected"

    connector.name()
    connector.add("ana")
    tile = tile_of(client, "tinyclues")
    assert (tile.state.words, tile.cohorts) == ("receiving", 1)

    three_days_ago = timezone.now() - timedelta(days=3)
    DataImportKey.objects.update(last_used_at=three_days_ago)
    RequestCount.objects.update(last_accepted_at=three_days_ago)
    assert tile_of(client, "tinyclues").state.words == "silent for 3 days"

    Integration.objects.filter(workspace=acme).update(disabled_at=timezone.now())
    assert tile_of(client, "tinyclues").state.words == "disabled"
    assert "disabled" in client.get(GALLERY).content.decode()


def test_connected_partners_come_first_and_the_rest_by_name(client, acme):
    make_keys(acme, make_partner("segment"))

    slugs = [tile.partner.slug for tile in client.get(GALLERY).context["tiles"]]

    assert slugs == ["segment", *sorted(set(slugs) - {"segment"})]


@pytest.mark.parametrize(
    ("text", "slugs"),
    [
        ("tiny", ["tinyclues"]),
        ("TINYCLUES ", ["tinyclues"]),
        ("data treasure", ["treasure-data"]),
        ("treasure-data", ["treasure-data"]),
        ("nobody", []),
        ("tiny\0clues", ["tinyclues"]),
    ],
)
def test_partners_are_found_by_name_and_slug(client, acme, text, slugs):
    assert found(client, text) == slugs


def test_a_renamed_partner_is_found_by_both_its_name_and_its_slug(client, acme):
    Partner.objects.filter(slug="tinyclues").update(name="Marigold")

    assert found(client, "marigold") == found(client, "tinyclues") == ["tinyclues"]


def test_a_search_without_a_result_says_what_to_do(client, acme):
    shown = client.get(GALLERY, {"q": "<b>nobody"}).content.decode()

    assert "No partner is called “&lt;b&gt;nobody”" in shown
    assert ADD in shown


def test_the_gallery_asks_as_often_for_many_partners_as_for_few(acme, django_assert_num_queries):
    for number in range(20):
        make_keys(acme, make_partner(f"partner-{number}"))

    # The states, the counts of cohorts, the partners.
    with django_assert_num_queries(3):
        assert len(tiles(acme)) > 20


def test_without_a_workspace_the_gallery_is_there_and_nobody_connected(client):
    client.force_login(make_operator())

    shown = client.get(GALLERY).context["tiles"]

    assert {tile.state.words for tile in shown} == {"not connected"}


# --- Adding and naming -------------------------------------------------------------------


def test_a_partner_of_one_s_own_is_added_and_can_call(client, acme):
    answer = client.post(ADD, {"name": "Harbour", "slug": "harbour"})

    harbour = Partner.objects.get(slug="harbour")
    assert answer["Location"] == reverse("admin:partners_partner_change", args=[harbour.pk])
    assert AuditEntry.objects.get(action="partner.added").actor == "olga"
    assert Connector("acme", "harbour").change([]).status_code == 201


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"name": "", "slug": "harbour"}, "name"),
        ({"name": "Harbour", "slug": ""}, "slug"),
        ({"name": "Harbour", "slug": "har bour"}, "slug"),
        ({"name": "Harbour", "slug": "har/bour"}, "slug"),
        ({"name": "Harbour", "slug": "x" * 51}, "slug"),
        ({"name": "Tinyclues again", "slug": "tinyclues"}, "slug"),
    ],
)
def test_a_partner_that_can_t_be_is_not_added(client, acme, fields, named):
    before = Partner.objects.count()

    answer = client.post(ADD, fields)

    assert named in answer.context["form"].errors
    assert Partner.objects.count() == before


def test_a_partner_is_renamed_and_keeps_its_slug(client, acme):
    tinyclues = make_partner()

    client.post(
        reverse("admin:partners_partner_rename", args=[tinyclues.pk]),
        {"name": " Splio (Tinyclues) ", "slug": "other"},
    )

    tinyclues.refresh_from_db()
    assert (tinyclues.name, tinyclues.slug) == ("Splio (Tinyclues)", "tinyclues")
    entry = AuditEntry.objects.get(action="partner.renamed")
    assert entry.details == {"from": "Tinyclues", "to": "Splio (Tinyclues)"}
    assert entry.actor == "olga"


def test_the_same_name_again_is_no_renaming(client, acme):
    address = reverse("admin:partners_partner_rename", args=[make_partner().pk])

    client.post(address, {"name": "Tinyclues"})

    assert not AuditEntry.objects.filter(action="partner.renamed").exists()


@pytest.mark.parametrize("name", ["", "  ", "x" * 256])
def test_a_partner_keeps_its_name_rather_than_none(client, acme, name):
    tinyclues = make_partner()

    client.post(reverse("admin:partners_partner_rename", args=[tinyclues.pk]), {"name": name})

    tinyclues.refresh_from_db()
    assert tinyclues.name == "Tinyclues"


def test_a_stranger_is_asked_to_sign_in(acme):
    assert Client().get(GALLERY)["Location"].startswith(reverse("admin:login"))
