import pytest

from profiles.tests.backend import BackEnd, user
from segments import services
from segments.builder import choices
from segments.filters import KINDS
from segments.models import Segment
from segments.tests.builder_form import ADD, LIST, form, make_segment, page_of, row, shown
from segments.tests.trees import cohort, group, know, make_cohort, segment, tree, without
from tests.factories import BY, make_nobody
from workspaces.models import AuditEntry

# --- Who may see it --------------------------------------------------------------------


def test_pages_are_for_people_with_permission(client, acme):
    made = make_segment(acme)
    client.force_login(make_nobody())

    for path in (LIST, ADD, page_of(made)):
        assert client.get(path).status_code == 404
    for path in (f"{LIST}reach/", f"{LIST}{made.pk}/reach/", page_of(made), ADD):
        assert client.post(path, form(_save="")).status_code == 404


def test_another_workspaces_segment_isnt_there(olga, globex):
    theirs = make_segment(globex, "Theirs")

    assert "Theirs" not in shown(olga.get(LIST))
    assert olga.get(page_of(theirs)).status_code != 200
    assert olga.post(f"{LIST}{theirs.pk}/reach/", form()).status_code == 404


# --- Seeing ----------------------------------------------------------------------------


def test_an_empty_workspace_says_how_cohorts_arrive(olga):
    assert "Generate a data import key" in shown(olga.get(ADD))
    assert "No segments yet" in shown(olga.get(LIST))


def test_a_new_segment_offers_cohorts_with_size_id_and_file(olga, acme):
    know(acme, *range(1500))
    make_cohort(acme, "sp-1", range(1234), name="Spring", export_file_name="spring_export.csv")

    page = shown(olga.get(ADD))

    assert "Tinyclues Cohorts" in page
    assert "1,234 users" in page
    assert "sp-1" in page
    assert "spring_export.csv" in page


def test_a_new_segment_starts_from_the_cohorts_that_its_address_names(olga, acme):
    know(acme, *range(100))
    make_cohort(acme, "spring", range(12))
    make_cohort(acme, "a:b", range(10, 30), partner="segment")

    page = olga.get(ADD, {"cohort": ["tinyclues:spring", "segment:a:b", "nonsense"]})

    rows = page.context["builder"].draft.rows
    assert [(row.what, row.operator, row.values) for row in rows] == [
        ("cohort/tinyclues", "includes", ["spring"]),
        ("cohort/segment", "includes", ["a:b"]),
    ]
    assert page.context["builder"].reach.total == 2


def test_a_cohort_that_isnt_there_is_said_beside_its_filter(olga, acme, globex):
    make_cohort(globex, "theirs", [1])

    page = olga.get(ADD, {"cohort": "tinyclues:theirs"})

    problems = page.context["builder"].draft.rows[0].problems
    assert "is not a cohort of tinyclues in this workspace" in problems[0]
    assert "isn’t one of this workspace. Take it away or pick another." in shown(page)


def test_a_segments_page_shows_the_exact_reach_of_each_filter(olga, acme):
    know(acme, *range(5000))
    make_cohort(acme, "spring", range(2000))
    make_cohort(acme, "summer", range(500, 9000))
    filters = tree(
        group(cohort("spring"), without("summer"), name="Early"),
        exclusions=[group(cohort("spring"), match="any")],
    )
    made = make_segment(acme, filters=filters, tags=["shop"])

    page = shown(olga.get(page_of(made)))

    assert "<b>2,000</b> alone" in page
    assert "<b>500</b> so far" in page
    assert "takes away <b>500</b>" in page
    assert '<p id="g1-r0-count" class="segment-count" data-live><span><b>2,000</b>' in page
    assert '<p class="segment-total">0</p>' in page
    assert "0.0 % of 5,000 users" in page


def test_the_list_counts_exactly(olga, acme, django_assert_max_num_queries):
    know(acme, *range(5000))
    make_cohort(acme, "spring", range(1234))
    for number in range(10):
        make_segment(acme, f"Segment {number}", tree(group(cohort("spring"))))

    # Session, person, workspace; counts and rows of the list; the cohort, known, members.
    with django_assert_max_num_queries(14):
        page = shown(olga.get(LIST))

    assert page.count("1,234") == 10


def test_archived_segments_are_listed_when_asked_for(olga, acme):
    services.archive(make_segment(acme, "Old ones"), by=BY)

    assert "Old ones" not in shown(olga.get(LIST))
    assert "Old ones" in shown(olga.get(LIST, {"state": "archived"}))


# --- Editing without JavaScript --------------------------------------------------------


def test_a_segment_is_made_with_nothing_but_a_form(olga, acme):
    know(acme, 1, 2, 3)
    make_cohort(acme, "spring", [1, 2])
    make_cohort(acme, "summer", [2])

    answer = olga.post(
        ADD,
        form(
            row("g0-r0", "spring"),
            row("g0-r1", "summer", operator="does_not_include"),
            row("g0-r2"),
            description="They buy.",
            tags="shop, spring",
            _save="",
        ),
        follow=True,
    )

    made = Segment.objects.get()
    assert answer.redirect_chain == [(page_of(made), 302)]
    assert "Buyers is saved." in shown(answer)
    assert '<p class="segment-total">1</p>' in shown(answer)
    assert (made.tags, made.description, made.updated_by) == (
        ["shop", "spring"],
        "They buy.",
        "olga",
    )
    assert made.filters == tree(group(cohort("spring"), without("summer")))
    assert AuditEntry.objects.filter(action="segment.created", actor="olga").exists()


def test_what_is_saved_comes_back_the_same(olga, acme):
    make_cohort(acme, "spring")
    vips = make_segment(acme, "VIPs")
    filters = tree(
        group(cohort("spring"), match="any", name="Early"),
        group(segment(vips)),
        match="any",
        exclusions=[group(without("spring"), match="any")],
    )
    made = make_segment(acme, filters=filters)
    page = olga.get(page_of(made))
    inputs = page.context["builder"].draft

    fields = {"name": "Buyers", "match": inputs.match, "group": [], "_save": ""}
    for part in inputs.groups:
        fields["group"].append(part.key)
        fields |= {f"{part.key}-name": part.name, f"{part.key}-match": part.match}
        fields |= {f"{part.key}-exclusion": "1"} if part.is_exclusion else {}
        for one in part.rows:
            fields |= row(one.key, *one.values, what=one.what, operator=one.operator)
    olga.post(page_of(made), fields)

    made.refresh_from_db()
    assert made.filters == filters


def test_a_form_of_more_than_a_thousand_fields_is_saved(olga, acme):
    names = [f"cohort {number}" for number in range(60)]
    for name in names:
        make_cohort(acme, name)

    olga.post(ADD, form(*(row(f"g0-r{number}", *names) for number in range(20)), _save=""))

    assert Segment.objects.get().filters == tree(group(*[cohort(*names)] * 20))


BUTTONS = {
    "a filter": ({"_add_filter": "g0"}, ["g0-r0", "g0-r1"]),
    "a group": ({"_add_group": ""}, ["g0-r0", "g1-r0"]),
    "an exclusion": ({"_add_exclusion": ""}, ["g0-r0", "g1-r0"]),
    "no filter": ({"_remove": "g0-r0"}, []),
    "no group": ({"_remove": "g0"}, ["g0-r0"]),
    "the same again": ({"_duplicate": "g0-r0"}, ["g0-r0", "g0-r1"]),
    "nothing": ({"_refresh": ""}, ["g0-r0"]),
}


@pytest.mark.parametrize(("button", "rows"), BUTTONS.values(), ids=BUTTONS.keys())
def test_a_button_brings_the_form_back_changed_and_saves_nothing(olga, acme, button, rows):
    make_cohort(acme, "spring")

    page = olga.post(ADD, form(row("g0-r0", "spring"), **button))

    assert [one.key for one in page.context["builder"].draft.rows] == rows
    assert 'value="Buyers"' in shown(page)
    assert not Segment.objects.exists()


def test_find_offers_what_is_called_that_and_keeps_what_is_chosen(olga, acme):
    for name in ("spring", "summer", "winter"):
        make_cohort(acme, name, name=name.title(), export_file_name=f"{name}_file.csv")

    page = shown(olga.post(ADD, form(row("g0-r0", "spring", search="Winter-File"), _find="g0-r0")))

    assert "Spring" in page
    assert "Winter" in page
    assert "Summer" not in page


def test_another_partner_starts_with_nothing_chosen(olga, acme):
    make_cohort(acme, "spring")
    make_cohort(acme, "spring", partner="segment")
    changed = row("g0-r0", "spring") | {"g0-r0-what": "cohort/segment"}

    page = olga.post(ADD, form(changed))

    assert page.context["builder"].draft.rows[0].values == []


# --- Refusals --------------------------------------------------------------------------


def test_a_segment_needs_a_name(olga, acme):
    page = olga.post(ADD, form(name="", _save=""))

    assert "This field is required" in shown(page)
    assert not Segment.objects.exists()


def test_a_name_that_is_taken_is_said_beside_it(olga, acme):
    make_segment(acme)

    assert "Another segment has this name." in shown(olga.post(ADD, form(_save="")))


def test_a_cohort_of_another_workspace_cant_be_slipped_in(olga, acme, globex):
    make_cohort(acme, "spring")
    make_cohort(globex, "theirs", [1], name="Their secret")

    page = shown(olga.post(ADD, form(row("g0-r0", "theirs"), _save="")))

    assert "isn’t one of this workspace" in page
    assert "Their secret" not in page
    assert not Segment.objects.exists()


def test_a_circle_is_said_beside_its_filter(olga, acme):
    made = make_segment(acme)
    vips = make_segment(acme, "VIPs", tree(group(segment(made))))

    page = olga.post(page_of(made), form(row("g0-r0", str(vips.pk), what="segment"), _save=""))

    row_shown = page.context["builder"].included[0].rows[0]
    assert row_shown.problems == [
        "A segment can’t be made of itself: Buyers, which uses VIPs, which uses Buyers."
    ]
    assert "Mend what is marked" in shown(page)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"group": ["g0"] * 500},
        {"group": ["../x", "\0", "g" + "9" * 99]},
        {"match": "\0", "group": ["g0"]},
        row("g0-r0", "\0", what="cohort/\0", operator="\0", search="\0") | {"group": ["g0"]},
        row("g0-r0", "x", what="magic") | {"group": ["g0"]},
        row("g0-r0", "x", what="segment") | {"group": ["g0"]},
    ],
)
def test_no_fields_break_the_form(olga, acme, fields):
    make_cohort(acme, "spring")

    assert olga.post(ADD, fields | {"_save": ""}).status_code == 200
    assert olga.post(f"{LIST}reach/", fields).status_code == 200
    assert not Segment.objects.exists()


# --- What somebody may type ------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "operator", "values", "said"),
    [
        ("created_at", "before", ["soon"], "Choose a date."),
        ("created_at", "in_the_last_days", ["many"], "Type a whole number of days"),
        ("created_at", "between_times", ["2026-02-01", ""], "Choose two dates"),
        ("random_bucket", "between", ["9", "3"], "Type two numbers, the smaller one first."),
        ("attribute/nobodys", "is_not_blank", [], "No user has this attribute."),
        ("cohort/nobody", "includes", ["x"], "This partner isn’t there any more."),
    ],
)
def test_what_is_wrong_is_said_at_its_row_and_nothing_typed_is_lost(
    olga, acme, what, operator, values, said
):
    fields = form(row("g0-r0", *values, what=what, operator=operator), _save="")

    page = olga.post(ADD, fields)

    shown_row = page.context["builder"].included[0].rows[0]
    assert said in shown_row.problems[0]
    assert shown_row.draft.values == values
    assert said in shown(page)
    assert not Segment.objects.exists()


def test_a_value_that_was_typed_and_not_added_counts(olga, acme):
    fields = row("g0-r0", "FR", what="attribute/country", operator="is_any_of")

    page = olga.post(ADD, form(fields | {"g0-r0-more": "es"}, _save=""), follow=True)

    assert "is saved" in shown(page)
    assert Segment.objects.get().filters["groups"][0]["filters"][0]["values"] == ["FR", "es"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_filter_has_rows_whose_every_operator_is_shown(olga, acme, kind):
    make_cohort(acme, "spring")
    make_segment(acme, "VIPs")
    BackEnd().track(user("ann") | {"vip": True, "age": 7})
    whats = [one for one in choices.whats(acme) if one.value.partition("/")[0] == kind]

    assert whats
    for what in whats[:3]:
        rows = [
            row(f"g0-r{number}", what=what.value, operator=operator.value)
            for number, operator in enumerate(what.operators)
        ]
        page = olga.post(ADD, form(*rows))
        assert page.status_code == 200
        assert len(page.context["builder"].included[0].rows) == len(what.operators)


def test_saving_says_what_came_of_it(olga, acme):
    know(acme, 1, 2)
    made = make_segment(acme)

    first = olga.post(page_of(made), form(name="Everybody", _save=""), follow=True)
    again = olga.post(page_of(made), form(name="Everybody", _save=""), follow=True)

    assert "Everybody is saved. It reaches 2 users." in shown(first)
    assert "There was nothing to save: Everybody is as it was." in shown(again)
