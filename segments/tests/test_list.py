"""The list of segments: exact sizes, search, stars, sorting, and changes of many at once."""

import time

import pytest
from django.urls import reverse

from segments import services, stars
from segments.models import Segment, Star
from segments.tests.trees import cohort, group, know, make_cohort, segment, tree, without
from segments.tree import parse
from tests.factories import BY, make_marketer, make_member
from workspaces.models import AuditEntry
from workspaces.roles import Role

LIST = "/admin/segments/segment/"


@pytest.fixture
def marta(client, acme):
    client.person = make_marketer(acme)
    client.force_login(client.person)
    return client


def make_segment(workspace, name="Buyers", filters=None, **others):
    return services.create(workspace, name=name, filters=parse(filters or tree()), by=BY, **others)


def listed(client, **query):
    """The segments of the list, in its order."""
    answer = client.get(LIST, query)
    assert answer.status_code == 200
    return answer.context["cl"].result_list


def names(client, **query):
    return [one.name for one in listed(client, **query)]


def shown(answer):
    assert answer.status_code == 200, answer
    return " ".join(answer.content.decode().split())


# --- What it shows ---------------------------------------------------------------------


def test_every_segment_has_its_exact_size_and_what_uses_it(marta, acme):
    know(acme, *range(1, 4001))
    make_cohort(acme, "spring", range(1, 1501))
    spring = make_segment(acme, "Spring", tree(group(cohort("spring"))))
    make_segment(acme, "Rest", tree(exclusions=[group(segment(spring))]))

    page = shown(marta.get(LIST))

    sizes = {one.name: (one.size, [use.name for use in one.uses]) for one in listed(marta)}
    assert sizes == {"Spring": (1500, ["Rest"]), "Rest": (2500, [])}
    assert "1,500" in page
    assert f'href="{reverse("admin:segments_segment_detail", args=[spring.pk])}"' in page


def test_a_segment_that_cant_be_evaluated_takes_no_other_size_away(marta, acme):
    know(acme, 1)
    broken = make_segment(acme, "Broken")
    Segment.objects.filter(pk=broken.pk).update(filters=tree(group(cohort("gone"))))
    for number in range(5):
        make_segment(acme, f"Whole {number}")

    assert {one.name: one.size for one in listed(marta)} == {
        "Broken": None,
        **{f"Whole {number}": 1 for number in range(5)},
    }


def test_a_list_of_many_takes_as_many_queries_as_one_of_few(
    marta, acme, django_assert_max_num_queries
):
    def fill(start, stop):
        for number in range(start, stop):
            make_cohort(acme, f"cohort {number}", [number])
            inner = make_segment(acme, f"In {number}", tree(group(cohort(f"cohort {number}"))))
            make_segment(acme, f"Out {number}", tree(group(segment(inner))), tags=[f"tag {number}"])

    fill(0, 1)
    # Session, person, role; tags; counts, segments; cohorts, nested, their next level, known,
    # members; uses; messages of the theme.
    with django_assert_max_num_queries(16) as few:
        listed(marta)
    fill(1, 25)
    with django_assert_max_num_queries(len(few)):
        assert len(listed(marta)) == 50


# --- Finding ---------------------------------------------------------------------------


def test_several_words_mean_all_of_them_in_name_description_or_tags(marta, acme):
    make_segment(acme, "Spring buyers", description="From the shop", tags=["VIP", "France"])
    make_segment(acme, "Spring visitors", tags=["Spain"])

    assert len(names(marta, q="spring")) == 2
    assert names(marta, q="SPRING buyers") == ["Spring buyers"]
    assert names(marta, q="vip shop spring") == ["Spring buyers"]
    assert names(marta, q="spring vip spain") == []
    assert names(marta, q="vipfrance") == []
    assert names(marta, q="%") == []
    assert "No segments yet" not in shown(marta.get(LIST, {"q": "\0"}))


def test_a_tag_narrows_the_list_to_those_that_have_just_it(marta, acme, globex):
    make_segment(acme, "First", tags=["shop", "a, b"])
    make_segment(acme, "Second", tags=["shop"])
    make_segment(acme, "Third", tags=["shopping"])
    make_segment(globex, "Theirs", tags=["secret"])

    assert sorted(names(marta, tag="shop")) == ["First", "Second"]
    assert names(marta, tag="a, b") == ["First"]
    page = shown(marta.get(LIST))
    assert "shopping" in page
    assert "secret" not in page


def test_archived_segments_have_a_list_of_their_own(marta, acme):
    make_segment(acme, "Here")
    services.archive(make_segment(acme, "Gone"), by=BY)

    assert names(marta) == ["Here"]
    assert names(marta, state="archived") == ["Gone"]


def test_segments_are_sorted_by_their_size_as_it_is_now(marta, acme):
    know(acme, *range(1, 10))
    for name, members in (("Some", range(1, 5)), ("Few", [1]), ("Many", range(1, 8))):
        make_cohort(acme, name, members)
        make_segment(acme, name, tree(group(cohort(name))))

    assert names(marta, o="3") == ["Few", "Some", "Many"]
    assert names(marta, o="-3") == ["Many", "Some", "Few"]
    assert names(marta, o="2") == ["Few", "Many", "Some"]


# --- Stars -----------------------------------------------------------------------------


def test_a_star_is_the_one_s_who_gave_it(marta, acme, client):
    first, _second = make_segment(acme, "First"), make_segment(acme, "Second")
    ada = make_member(acme, Role.ADMINISTRATOR)
    stars.toggle(_second, by=ada)

    answer = marta.post(f"{LIST}{first.pk}/star/", headers={"Referer": f"http://testserver{LIST}"})

    assert answer["Location"] == f"http://testserver{LIST}"
    assert names(marta, starred="yes") == ["First"]
    marta.post(f"{LIST}{first.pk}/star/")
    assert names(marta, starred="yes") == []
    assert Star.objects.get().user == ada


def test_a_star_leads_to_no_foreign_page(marta, acme):
    made = make_segment(acme)

    answer = marta.post(f"{LIST}{made.pk}/star/", headers={"Referer": "http://evil.example/"})

    assert answer["Location"] == f"{LIST}{made.pk}/detail/"


# --- Many at once ----------------------------------------------------------------------


def act(client, action, *segments, **others):
    chosen = [str(one.pk) for one in segments]
    body = {"action": action, "_selected_action": chosen, **others}
    return client.post(LIST, body, follow=True)


def test_archiving_many_asks_first_and_refuses_only_those_in_use(marta, acme):
    used = make_segment(acme, "Used")
    make_segment(acme, "VIPs", tree(group(segment(used))))
    free = make_segment(acme, "Free")

    question = shown(act(marta, "archive_chosen", used, free))
    assert "Archive these segments?" in question
    assert "used by VIPs" in question
    assert Segment.objects.active().count() == 3

    page = shown(act(marta, "archive_chosen", used, free, _confirmed="1"))

    assert "1 segment archived." in page
    assert "Used is used by segment VIPs. Take it out there first." in page
    assert set(Segment.objects.active().values_list("name", flat=True)) == {"Used", "VIPs"}


def test_segments_that_only_use_each_other_are_archived_together(marta, acme):
    inner = make_segment(acme, "Inner")
    middle = make_segment(acme, "Middle", tree(group(segment(inner))))
    outer = make_segment(acme, "Outer", tree(group(segment(middle))))

    page = shown(act(marta, "archive_chosen", inner, middle, outer, _confirmed="1"))

    assert "3 segments archived." in page
    assert "is used by" not in page


def test_tags_are_added_to_many_and_taken_from_many(marta, acme):
    first = make_segment(acme, "First", tags=["shop"])
    second = make_segment(acme, "Second")

    assert "Add tags to these segments" in shown(act(marta, "tag_chosen", first, second))
    assert "Name at least one tag." in shown(
        act(marta, "tag_chosen", first, second, _confirmed="1", tags=" , ")
    )
    page = shown(act(marta, "tag_chosen", first, second, _confirmed="1", tags="shop, vip"))

    assert "2 segments changed." in page
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.tags, second.tags) == (["shop", "vip"], ["shop", "vip"])
    assert (first.version, second.version) == (2, 2)
    assert AuditEntry.objects.filter(action="segment.changed", actor="marta").count() == 2

    page = shown(act(marta, "untag_chosen", first, second, _confirmed="1", tags="shop,none"))
    first.refresh_from_db()
    assert first.tags == ["vip"]


def test_a_segment_that_would_have_too_many_tags_is_named(marta, acme):
    full = make_segment(acme, "Full", tags=[str(number) for number in range(50)])
    room = make_segment(acme, "Room")

    page = shown(act(marta, "tag_chosen", full, room, _confirmed="1", tags="vip"))

    assert "Full would have more than 50 tags." in page
    assert "1 segment changed." in page


def test_whoever_may_only_look_changes_none(client, acme):
    client.force_login(make_member(acme, Role.VIEWER))
    made = make_segment(acme)

    act(client, "archive_chosen", made, _confirmed="1")
    act(client, "tag_chosen", made, _confirmed="1", tags="vip")

    made.refresh_from_db()
    assert (made.archived_at, made.tags) == (None, [])


@pytest.mark.long
def test_a_thousand_segments_over_a_million_users_are_sorted_by_size_in_seconds(marta, acme):
    know(acme, *range(1, 1_000_001))
    for number in range(100):
        make_cohort(acme, f"cohort {number}", range(number + 1, 1_000_000, number + 2))
    Segment.objects.bulk_create(
        Segment(
            workspace=acme,
            name=f"Segment {number}",
            filters=parse(
                tree(group(cohort(f"cohort {number % 100}"), without(f"cohort {number % 97}")))
            ).to_json(),
        )
        for number in range(1000)
    )

    start = time.monotonic()
    page = listed(marta)
    by_edit = time.monotonic() - start
    start = time.monotonic()
    sorted_page = listed(marta, o="-3")
    by_size = time.monotonic() - start

    assert len(page) == len(sorted_page) == 50
    assert [one.size for one in sorted_page] == sorted(
        (one.size for one in sorted_page), reverse=True
    )
    assert by_edit < 2
    assert by_size < 20
