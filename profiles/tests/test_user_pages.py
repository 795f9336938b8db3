"""Users in the dashboard: their list and search, the page of each, merging and deleting."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cohorts.tests.factories import (
    accept,
    adds,
    apply_all,
    make_anonymous,
    make_cohort,
    make_users,
    name_user,
)
from profiles.models import Activity, ActivityKind, Identifier, IdentifierKind, Profile
from profiles.pages import keyset
from tests.factories import make_member, make_nobody, make_operator, make_workspace
from workspaces.models import AuditEntry
from workspaces.roles import Role

pytestmark = pytest.mark.django_db

LIST = "admin:profiles_profile_changelist"
USER = "admin:profiles_profile_change"
MERGE = "admin:profiles_profile_merge"
DELETE = "admin:profiles_profile_delete"
ALIAS, DEVICE = IdentifierKind.ALIAS, IdentifierKind.DEVICE


@pytest.fixture
def acme():
    return make_workspace()


@pytest.fixture
def olga(client):
    client.force_login(make_operator())
    return client


def make_user(workspace, external_id=None, **attributes):
    if external_id:
        pk = make_users(workspace, [external_id])[external_id]
    else:
        pk = make_anonymous(workspace).pk
    Profile.objects.filter(pk=pk).update(attributes=attributes)
    return Profile.objects.get(pk=pk)


def text_of(client, name, *arguments, **parameters):
    answer = client.get(reverse(name, args=arguments), parameters)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def queries(client, name, *arguments):
    with CaptureQueriesContext(connection) as captured:
        text_of(client, name, *arguments)
    return len(captured)


# --- List ------------------------------------------------------------------------------


def test_the_list_begins_with_whom_was_updated_last_and_counts_everybody(olga, acme):
    make_users(acme, [f"user {number}" for number in range(1234)])
    make_user(acme, "newest", email="new@example.com", country="FR")

    page = olga.get(reverse(LIST))

    assert page.context["cl"].result_list[0].external_id == "newest"
    text = page.content.decode()
    assert "1,235" in text
    assert "new@example.com" in text


def turned(client, **parameters):
    """The users of a page of the list, and where its links lead."""
    shown = client.get(reverse(LIST), parameters).context["cl"]
    names = [profile.external_id for profile in shown.result_list]
    return names, shown.listing.newer, shown.listing.older


def test_the_list_is_turned_to_its_end_and_back(olga, acme):
    """Fifty have the same time, as after an import: then the id decides."""
    ids = make_users(acme, [f"user {number}" for number in range(120)])
    newest_first = sorted(ids, key=lambda name: ids[name], reverse=True)

    first, newer, older = turned(olga)
    assert (first, newer) == (newest_first[:50], None)
    second, newer, older = turned(olga, after=str(older))
    assert second == newest_first[50:100]
    third, newer, older = turned(olga, after=str(older))
    assert (third, older) == (newest_first[100:], None)
    second_again, newer, older = turned(olga, before=str(newer))
    assert second_again == second
    assert turned(olga, before=str(newer))[:2] == (first, None)


def test_whoever_is_updated_meanwhile_moves_to_the_first_page_and_nobody_is_skipped(olga, acme):
    ids = make_users(acme, [f"user {number}" for number in range(60)])
    _, _, older = turned(olga)
    moved = min(ids, key=lambda name: ids[name])
    Profile.objects.filter(pk=ids[moved]).update(updated_at=timezone.now() + timedelta(hours=1))

    second, _, _ = turned(olga, after=str(older))

    assert len(second) == 9
    assert moved not in second
    assert turned(olga)[0][0] == moved


@pytest.mark.parametrize("place", ["", "x", "1", "1.", ".1", "9" * 40 + ".1", "1." + "9" * 40])
def test_a_place_that_names_none_shows_the_first_page(olga, acme, place):
    make_users(acme, ["ann"])

    assert turned(olga, after=place)[0] == ["ann"]
    assert turned(olga, before=place)[0] == ["ann"]


def test_an_address_can_t_filter_by_a_column_without_an_index(olga, acme):
    make_users(acme, ["ann"])

    assert turned(olga, external_id__contains="zoe")[0] == ["ann"]


def test_a_search_from_the_third_page_begins_anew(olga, acme):
    make_users(acme, [f"user {number}" for number in range(60)])
    _, _, older = turned(olga)

    assert 'name="after"' not in text_of(olga, LIST, after=str(older))


def test_the_list_never_counts_rows(olga, acme):
    make_users(acme, [f"user {number}" for number in range(3)])

    with CaptureQueriesContext(connection) as captured:
        text_of(olga, LIST)

    asked = [query["sql"] for query in captured if "profiles_profile" in query["sql"]]
    assert asked
    assert not any("COUNT" in sql.upper() or "OFFSET" in sql.upper() for sql in asked)


def test_a_page_is_sought_in_the_index(acme):
    ann = make_user(acme, "ann")
    users = Profile.objects.filter(workspace=acme)
    wanted = "ROW(updated_at, id)"

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
    with CaptureQueriesContext(connection) as captured:
        keyset.older_than(users, keyset.Place.of(ann), size=50)
        keyset.newer_than(users, keyset.Place.of(ann), size=50)

    for query in captured.captured_queries[:2]:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {query['sql']}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "profiles_profile_recent" in plan
        assert wanted in plan[plan.index("Index Cond") :]


def test_a_longer_list_takes_no_more_queries(olga, acme):
    name_user(make_user(acme), ALIAS, "first", label="card")
    few = queries(olga, LIST)
    for number in range(20):
        name_user(make_user(acme), ALIAS, f"alias {number}", label="card")

    assert queries(olga, LIST) == few
    with CaptureQueriesContext(connection) as captured:
        text_of(olga, LIST)
    # `known`, users, and what tells anonymous ones apart.
    assert sum("profiles_" in query["sql"] for query in captured) == 3


def test_anonymous_users_are_told_apart_by_alias_or_device(olga, acme):
    name_user(make_user(acme), ALIAS, "b-1", label="card")
    name_user(make_user(acme), DEVICE, "phone-7")

    text = text_of(olga, LIST)

    assert "card:b-1" in text
    assert "device phone-7" in text


def test_an_empty_workspace_says_how_users_arrive(olga, acme):
    assert "No users yet" in text_of(olga, LIST)


@pytest.mark.parametrize("text", ["ann", "card:a-1", "phone-of-ann", "ANN@example.com", "+33 6 11"])
def test_a_search_finds_the_user(olga, acme, text):
    ann = make_user(acme, "ann", email="ann@example.com", phone="0033611")
    name_user(ann, ALIAS, "a-1", label="card")
    name_user(ann, DEVICE, "phone-of-ann")
    make_user(acme, "bob")

    page = olga.get(reverse(LIST), {"q": text})

    assert page.context["cl"].result_list == [ann]


def test_a_search_that_finds_nobody_says_what_can_be_searched(olga, acme):
    make_user(acme, "ann")

    text = text_of(olga, LIST, q="<b>an")

    assert "No user is “&lt;b&gt;an”" in text


def test_an_id_that_waits_is_said_to_with_its_cohorts(olga, acme):
    for name in ("spring", "summer"):
        accept(make_cohort(acme, name), adds("nobody"))
    apply_all()

    text = text_of(olga, LIST, q="nobody")

    assert "The external id “nobody” is waiting: no user has it yet." in text
    assert "No user is" not in text


# --- One user --------------------------------------------------------------------------


def test_a_user_s_page_shows_what_is_known(olga, acme):
    ann = make_user(
        acme,
        "ann",
        email="ann@example.com",
        gender="F",
        email_subscribe="opted_in",
        email_open_tracking_disabled=False,
        vip=True,
        seen_at="2026-05-04T10:00:00Z",
        tags=["a", "b"],
        zip="01234",
    )
    name_user(ann, ALIAS, "a-1", label="card")
    name_user(ann, DEVICE, "phone-of-ann")
    name_user(ann, IdentifierKind.EXTERNAL_ID, "ann-before")
    Activity.objects.create(
        workspace=acme,
        profile_id=ann.pk,
        kind=ActivityKind.EVENT,
        name="opened",
        count=1234,
        first_at=ann.created_at,
        last_at=ann.updated_at,
    )

    text = text_of(olga, USER, ann.pk)

    for shown in (
        "Former external ids",
        "ann-before",
        "a-1",
        "ignored in matching",
        "Female",
        "Opted in",
        "Yes",
        "May 4, 2026, 10 a.m. UTC",
        "a, b",
        "01234",
        "opened",
        "1,234",
    ):
        assert shown in text, shown
    assert re.search(r"Opted out of tracked opens(<[^>]*>|\s)+No\b", text)


def test_a_device_of_an_anonymous_user_takes_part(olga, acme):
    user = make_user(acme)
    name_user(user, DEVICE, "phone-7")

    assert "takes part in matching" in text_of(olga, USER, user.pk)


def test_what_people_wrote_is_escaped(olga, acme):
    user = make_user(acme, "<script>1", **{"<script>2": "<script>3", "first_name": "<script>4"})
    name_user(user, ALIAS, "<script>6", label="<script>5")

    for text in (text_of(olga, USER, user.pk), text_of(olga, LIST), text_of(olga, DELETE, user.pk)):
        for number in range(1, 7):
            assert f"<script>{number}" not in text


def test_long_sections_are_turned_page_by_page(olga, acme):
    ann = make_user(acme, "ann", **{f"custom {number:02}": number for number in range(60)})

    assert "1 to 25 of 60" in text_of(olga, USER, ann.pk)
    text = text_of(olga, USER, ann.pk, custom="3")
    assert "51 to 60 of 60" in text
    assert "custom 59" in text
    assert "51 to 60" in text_of(olga, USER, ann.pk, custom="999")


def test_a_user_s_page_takes_as_many_queries_whatever_it_shows(olga, acme):
    ann, bob = make_user(acme, "ann"), make_user(acme, "bob", **{str(n): n for n in range(50)})
    few = queries(olga, USER, ann.pk)
    for number in range(30):
        name_user(bob, ALIAS, f"b-{number}", label=f"label {number}")

    assert queries(olga, USER, bob.pk) == few


@pytest.mark.parametrize("name", [USER, MERGE, DELETE])
def test_nobody_of_another_workspace_has_a_page_here(olga, acme, name):
    theirs = make_user(make_workspace("globex"), "ann")

    for pk in (theirs.pk, 10**12, "x", "1/2"):
        assert olga.get(reverse(name, args=[pk])).status_code == 404


# --- Who may ---------------------------------------------------------------------------


def test_who_may_see_users_sees_them_and_is_offered_nothing_else(client, acme):
    ann = make_user(acme, "ann")
    client.force_login(make_member(acme, Role.MARKETER))

    assert "ann" in text_of(client, LIST)
    text = text_of(client, USER, ann.pk)
    assert reverse(MERGE, args=[ann.pk]) not in text
    assert reverse(DELETE, args=[ann.pk]) not in text


def test_merging_and_deleting_are_refused_to_who_may_only_look(client, acme):
    ann, bob = make_user(acme, "ann"), make_user(acme, "bob")
    client.force_login(make_member(acme, Role.MARKETER))

    for name in (MERGE, DELETE):
        address = reverse(name, args=[ann.pk])
        assert client.get(address).status_code == 403
        assert client.post(address, {"into": bob.pk}).status_code == 403
    assert Profile.objects.count() == 2


def test_merging_and_deleting_are_not_there_for_who_sees_no_users(client, acme):
    ann, bob = make_user(acme, "ann"), make_user(acme, "bob")
    client.force_login(make_nobody())

    for name in (MERGE, DELETE):
        assert client.post(reverse(name, args=[ann.pk]), {"into": bob.pk}).status_code == 404
    assert Profile.objects.count() == 2


def test_an_operator_merges_and_deletes(client, acme):
    ann, bob = make_user(acme, "ann"), make_user(acme, "bob")
    client.force_login(make_member(acme, Role.OPERATOR))

    client.post(reverse(MERGE, args=[ann.pk]), {"into": bob.pk})
    assert list(Profile.objects.all()) == [bob]
    client.post(reverse(DELETE, args=[bob.pk]))
    assert not Profile.objects.exists()


def test_nothing_is_changed_by_looking_or_without_a_token(acme):
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_operator())
    ann, bob = make_user(acme, "ann"), make_user(acme, "bob")

    text_of(client, MERGE, ann.pk, into=bob.pk)
    text_of(client, DELETE, ann.pk)
    for name in (MERGE, DELETE):
        answer = client.post(reverse(name, args=[ann.pk]), {"into": bob.pk})
        assert answer.status_code == 403
    assert Profile.objects.count() == 2


def test_a_user_s_page_takes_no_form(olga, acme):
    ann = make_user(acme, "ann")

    assert olga.post(reverse(USER, args=[ann.pk]), {"external_id": "eve"}).status_code == 403


# --- Merge -----------------------------------------------------------------------------


@pytest.fixture
def pair(acme):
    """Kim is anonymous, Ann identified; both have a card, one has more to tell."""
    kim, ann = make_user(acme, email="kim@example.com", vip=True), make_user(acme, "ann", vip=False)
    name_user(kim, ALIAS, "k-1", label="card")
    name_user(kim, ALIAS, "k-2", label="club")
    name_user(kim, DEVICE, "phone-of-kim")
    name_user(ann, ALIAS, "a-1", label="card")
    return kim, ann


def test_the_other_user_is_found_by_any_id(olga, pair):
    kim, ann = pair

    for text in ("ann", "card:a-1", str(ann.pk)):
        page = olga.get(reverse(MERGE, args=[kim.pk]), {"other": text})
        assert page.context["preview"].survivor.profile == ann


def test_the_preview_says_what_becomes_of_ids_and_values(olga, pair):
    kim, ann = pair

    page = olga.get(reverse(MERGE, args=[kim.pk]), {"other": "ann"})

    preview = page.context["preview"]
    assert {fate.text: (fate.done, fate.why) for fate in preview.fates} == {
        "card:k-1": ("left out", "the user who stays has an alias with this label"),
        "club:k-2": ("moves", ""),
        "phone-of-kim": ("moves", "ignored in matching from then on"),
    }
    values = {value.label: (value.is_copied, value.is_lost) for value in preview.values}
    assert values == {"Email": (True, False), "vip": (False, True)}
    assert not preview.becomes_identified


def test_the_preview_of_an_anonymous_survivor_says_that_they_become_identified(olga, pair):
    kim, ann = pair

    page = olga.get(reverse(MERGE, args=[ann.pk]), {"into": kim.pk})

    preview = page.context["preview"]
    assert preview.becomes_identified
    assert {fate.text: (fate.done, fate.why) for fate in preview.fates} == {
        "ann": ("moves", "becomes their external id"),
        "card:a-1": ("left out", "the user who stays has an alias with this label"),
        "phone-of-kim": ("stays", "ignored in matching from then on"),
    }


def test_the_preview_is_what_the_merge_does(olga, pair, acme):
    kim, ann = pair
    spring, summer = make_cohort(acme, "spring"), make_cohort(acme, "summer")
    accept(spring, adds("ann"), {"aliases": [{"alias_label": "card", "alias_name": "k-1"}]})
    accept(summer, {"aliases": [{"alias_label": "club", "alias_name": "k-2"}]})
    apply_all()
    preview = olga.get(reverse(MERGE, args=[kim.pk]), {"other": "ann"}).context["preview"]
    moved = {fate.text for fate in preview.fates if fate.done != "left out"}

    answer = olga.post(reverse(MERGE, args=[kim.pk]), {"into": ann.pk}, follow=True)

    assert answer.redirect_chain == [(reverse(USER, args=[ann.pk]), 302)]
    assert "The two users are one now" in answer.content.decode()
    named = {str(one) for one in Identifier.objects.filter(profile_id=ann.pk)}
    assert named == moved | {"ann", "card:a-1"}
    ann.refresh_from_db()
    assert ann.attributes == {"vip": False, "email": "kim@example.com"}
    assert not Profile.objects.filter(pk=kim.pk).exists()
    assert AuditEntry.objects.filter(action="user.merged", actor="olga").count() == 1


def test_several_hits_are_for_choosing(olga, pair, acme):
    kim, ann = pair
    bob, eve = (make_user(acme, name, email="family@example.com") for name in ("bob", "eve"))

    text = text_of(olga, MERGE, kim.pk, other="family@example.com")

    for other in (bob, eve):
        assert f"into={other.pk}" in text


def test_a_user_isn_t_merged_into_themselves(olga, pair):
    kim, _ = pair

    assert "That is this user" in text_of(olga, MERGE, kim.pk, other="club:k-2")
    answer = olga.post(reverse(MERGE, args=[kim.pk]), {"into": kim.pk}, follow=True)
    assert "merged with themselves" in answer.content.decode().replace("&#x27;", "'")
    assert Profile.objects.filter(pk=kim.pk).exists()


def test_nobody_of_another_workspace_can_be_the_survivor(olga, pair):
    kim, _ = pair
    theirs = make_user(make_workspace("globex"), "zoe")

    assert "No user is “zoe”" in text_of(olga, MERGE, kim.pk, other="zoe")
    address = reverse(MERGE, args=[kim.pk])
    assert olga.get(address, {"into": theirs.pk}).status_code == 404
    for into in (theirs.pk, "", "x"):
        assert olga.post(address, {"into": into}).status_code == 404
    assert Profile.objects.filter(pk=kim.pk).exists()


# --- Delete ----------------------------------------------------------------------------


def test_deleting_says_what_it_touches_and_does_it(olga, pair):
    kim, _ = pair
    text = text_of(olga, DELETE, kim.pk)
    for shown in ("card:k-1", "phone-of-kim", "undone"):
        assert shown in text

    answer = olga.post(reverse(DELETE, args=[kim.pk]), follow=True)

    assert answer.redirect_chain == [(reverse(LIST), 302)]
    assert "Anonymous user is deleted" in answer.content.decode()
    assert not Profile.objects.filter(pk=kim.pk).exists()
    assert not Identifier.objects.filter(profile_id=kim.pk).exists()
    assert AuditEntry.objects.filter(action="user.deleted", actor="olga").count() == 1
    assert olga.get(reverse(USER, args=[kim.pk])).status_code == 404
