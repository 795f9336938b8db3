"""Every save is kept, can be compared and brought back, and never overwrites another's unseen."""

import re

from segments import services
from segments.differences import differences
from segments.models import Segment
from segments.tests.trees import cohort, group, know, make_cohort, segment, tree, without
from segments.tree import parse
from tests.factories import BY, make_marketer, make_operator
from workspaces.models import AuditEntry

LIST = "/admin/segments/segment/"


def make_segment(workspace, name="Buyers", filters=None, **others):
    by = others.pop("by", BY)
    return services.create(workspace, name=name, filters=parse(filters or tree()), by=by, **others)


def numbers(made):
    return list(made.versions.order_by("number").values_list("number", "by"))


def page_of(made, number):
    return f"{LIST}{made.pk}/versions/{number}/"


def shown(answer):
    assert answer.status_code == 200, answer
    return " ".join(answer.content.decode().split())


def told(made, number, before):
    """What changed between two versions, a line each with its sign in front."""
    signs = {"same": " ", "added": "+", "removed": "-"}
    found = differences(made.versions.get(number=number), made.versions.get(number=before))
    return {
        part.title: [f"{signs[line.fate]}{'  ' * line.depth}{line.text}" for line in part.lines]
        for part in found
    }


# --- Keeping ---------------------------------------------------------------------------


def test_every_save_that_changes_something_is_a_version(acme):
    made = make_segment(acme, by="marta")
    services.update(made, description="They buy.", by="olga")
    services.update(made, description="They buy.", by="nobody")
    services.update(made, name="Shoppers", tags=["shop"], by="marta")

    assert numbers(made) == [(1, "marta"), (2, "olga"), (3, "marta")]
    assert Segment.objects.get(pk=made.pk).version == 3
    second = made.versions.get(number=2)
    assert (second.name, second.description, second.tags) == ("Buyers", "They buy.", [])


def test_a_change_of_filters_is_told_line_by_line_in_words(acme):
    make_cohort(acme, "spring", name="Spring sale")
    make_cohort(acme, "summer", name="Summer sale")
    before = tree(group(cohort("spring"), without("summer")))
    made = make_segment(acme, filters=before)
    after = tree(
        group(cohort("spring"), cohort("summer")), exclusions=[group(cohort("summer"), name="Hot")]
    )
    services.update(made, filters=parse(after), by=BY)

    assert told(made, 2, 1) == {
        "Filters": [
            " All of these",
            "   Tinyclues Cohorts includes Spring sale",
            "-  Tinyclues Cohorts does not include Summer sale",
            "+  Tinyclues Cohorts includes Summer sale",
            "+Hot: except who matches all of these",
            "+  Tinyclues Cohorts includes Summer sale",
        ]
    }


def test_changes_of_name_description_and_tags_are_told_too(acme):
    made = make_segment(acme, description="They buy.\nOften.", tags=["shop", "old"])
    services.update(made, name="Shoppers", description="They buy.", tags=["shop", "new"], by=BY)

    assert told(made, 2, 1) == {
        "Name": ["-Buyers", "+Shoppers"],
        "Description": [" They buy.", "-Often."],
        "Tags": [" shop", "-old", "+new"],
    }


# --- Bringing back ---------------------------------------------------------------------


def test_bringing_a_version_back_makes_a_new_one(acme):
    make_cohort(acme, "spring")
    first = tree(group(cohort("spring")))
    made = make_segment(acme, filters=first, tags=["shop"])
    services.update(made, name="Others", filters=parse(tree()), tags=[], by=BY)

    services.bring_back(made, 1, by="marta")

    made.refresh_from_db()
    assert (made.name, made.filters, made.tags, made.version) == ("Buyers", first, ["shop"], 3)
    assert made.versions.get(number=3).restores == 1
    assert made.versions.get(number=2).name == "Others"
    details = AuditEntry.objects.filter(action="segment.changed").latest("pk").details
    assert details["restored_version"] == {"from": 2, "to": 1}


def test_a_name_that_another_has_by_now_hinders_bringing_back(acme, client):
    client.force_login(make_marketer(acme))
    made = make_segment(acme)
    services.rename(made, name="Others", by=BY)
    make_segment(acme)

    page = shown(client.post(f"{page_of(made, 1)}restore/", follow=True))

    assert "Another segment is called Buyers by now." in page
    assert Segment.objects.get(pk=made.pk).version == 2


def test_filters_that_would_form_a_circle_by_now_arent_brought_back(acme, client):
    client.force_login(make_marketer(acme))
    vips = make_segment(acme, "VIPs")
    made = make_segment(acme, filters=tree(group(segment(vips))))
    services.update(made, filters=parse(tree()), by=BY)
    services.update(vips, filters=parse(tree(group(segment(made)))), by=BY)

    page = shown(client.post(f"{page_of(made, 1)}restore/", follow=True))

    assert "be used any more: they would form a circle" in page
    assert Segment.objects.get(pk=made.pk).version == 2


def test_a_version_has_a_page_that_says_what_changed_and_restores_it(acme, client):
    client.force_login(make_marketer(acme))
    make_cohort(acme, "spring", name="Spring sale")
    made = make_segment(acme, filters=tree(group(cohort("spring"))), by="olga")
    services.update(made, filters=parse(tree()), by="marta")

    page = shown(client.get(page_of(made, 2)))
    assert "Version 2 of Buyers" in page
    assert "saved by marta" in page
    assert "Tinyclues Cohorts includes Spring sale</del>" in page
    assert "Everyone</ins>" in page
    assert "Restore this version" not in page
    assert "Restore this version" in shown(client.get(page_of(made, 1)))
    assert client.get(page_of(made, 3)).status_code == 404
    assert client.get(page_of(made, 10**12)).status_code == 404

    page = shown(client.post(f"{page_of(made, 1)}restore/", follow=True))

    assert "Version 1 is back." in page
    assert "brought version 1 back" in page


# --- Two people at once ----------------------------------------------------------------


def form(made, **others):
    return {
        "version": made.version,
        "name": made.name,
        "match": "all",
        "group": ["g0"],
        "g0-match": "all",
        "g0-name": "",
        "_save": "",
        **others,
    }


def test_saving_what_somebody_else_changed_meanwhile_is_refused_once_and_loses_nothing(
    acme, client
):
    client.force_login(make_marketer(acme))
    made = make_segment(acme)
    opened = form(made, description="Mine.")
    services.update(made, description="Theirs.", by="olga")

    page = shown(client.post(f"{LIST}{made.pk}/change/", opened))

    assert "olga saved this segment after you opened it" in page
    assert f'href="{page_of(made, 2)}"' in page
    assert re.search(r">\s*Mine\.\s*</textarea>", page)
    assert f'name="name" value="{made.name}"' in page
    assert Segment.objects.get(pk=made.pk).description == "Theirs."

    assert 'name="version" value="2"' in page
    client.post(f"{LIST}{made.pk}/change/", opened | {"version": 2})

    assert Segment.objects.get(pk=made.pk).description == "Mine."
    assert made.versions.get(number=2).description == "Theirs."


def test_the_form_knows_which_version_it_shows(acme, client):
    client.force_login(make_operator())
    made = make_segment(acme)
    services.rename(made, name="Others", by=BY)

    assert 'name="version" value="2"' in shown(client.get(f"{LIST}{made.pk}/change/"))


# --- Duplicating -----------------------------------------------------------------------


def test_a_copy_is_a_segment_of_its_own_under_a_free_name(acme, client):
    client.force_login(make_marketer(acme))
    know(acme, 1)
    make_cohort(acme, "spring")
    filters = tree(group(cohort("spring")))
    made = make_segment(acme, filters=filters, description="They buy.", tags=["shop"])

    for name in ("Copy of Buyers", "Copy of Buyers 2"):
        page = shown(client.post(f"{LIST}{made.pk}/duplicate/", follow=True))
        assert f"This is {name}." in page
        copy = Segment.objects.get(name=name)
        assert (copy.filters, copy.description, copy.tags) == (filters, "They buy.", ["shop"])
        assert numbers(copy) == [(1, "marta")]

    entry = AuditEntry.objects.filter(action="segment.created").latest("pk")
    assert entry.details["copied_from"] == str(made.pk)
