"""A segment's own page: members page by page, what uses it, its history, and its export."""

import csv
import io

import pytest
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cohorts.tests.factories import Connector, apply_all, make_users
from imports.models import Job, JobState
from imports.tests.factories import work_off
from profiles.tests.backend import BackEnd, alias, customer, visitor
from segments import evaluation, members, services, usage, watching
from segments.models import SizeStep
from segments.tests.trees import cohort, group, know, make_cohort, segment, tree, without
from segments.tree import parse
from tests.factories import BY, make_marketer, make_member, make_workspace
from workspaces.models import AuditEntry
from workspaces.roles import PERMISSIONS, Role

LIST = "/admin/segments/segment/"
FAR = 5 << 16  # the first profile id of another block
EVERYONE = parse(tree())


@pytest.fixture
def marta(client, acme):
    client.force_login(make_marketer(acme))
    return client


def make_segment(workspace, name="Buyers", filters=None, **others):
    return services.create(workspace, name=name, filters=parse(filters or tree()), by=BY, **others)


def address(made, page="detail"):
    return f"{LIST}{made.pk}/{page}/"


def shown(answer):
    assert answer.status_code == 200, answer
    return " ".join(answer.content.decode().split())


# --- Members ---------------------------------------------------------------------------


def test_members_are_turned_page_by_page_there_and_back(acme):
    ids = [1, 2, 3, 65_535, 65_536, FAR, FAR + 1, 1 << 33]
    know(acme, *ids)

    first = members.after(acme.pk, EVERYONE, 0, size=3)
    second = members.after(acme.pk, EVERYONE, first.next_place, size=3)
    third = members.after(acme.pk, EVERYONE, second.next_place, size=3)

    assert [page.profile_ids for page in (first, second, third)] == [ids[:3], ids[3:6], ids[6:]]
    assert [(page.first, page.last, page.total) for page in (first, second, third)] == [
        (1, 3, 8),
        (4, 6, 8),
        (7, 8, 8),
    ]
    assert (first.previous_place, third.next_place) == (None, None)
    assert members.before(acme.pk, EVERYONE, third.previous_place, size=3) == second
    assert members.before(acme.pk, EVERYONE, second.previous_place, size=3) == first


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
@given(
    st.sets(st.integers(1, 3 << 16), max_size=40),
    st.integers(0, 4 << 16),
    st.integers(1, 7),
)
@pytest.mark.django_db
def test_a_page_is_the_slice_of_all_members_that_it_says_it_is(ids, place, size):
    workspace = make_workspace("acme")
    know(workspace, *ids)
    everyone = sorted(evaluate(workspace))

    page = members.after(workspace.pk, EVERYONE, place, size=size)
    back = members.before(workspace.pk, EVERYONE, place, size=size)

    behind = [one for one in everyone if one > place]
    in_front = [one for one in everyone if one < place]
    assert page.profile_ids == behind[:size]
    assert (page.before, page.total) == (len(everyone) - len(behind), len(everyone))
    assert back.profile_ids == (in_front[-size:] if len(in_front) >= size else everyone[:size])


def evaluate(workspace):
    for number, positions in evaluation.members_of(workspace.pk, EVERYONE):
        yield from ((number << 16) + position for position in positions)


def test_the_page_lists_members_with_their_ids_and_leads_to_each(marta, acme):
    backend = BackEnd()
    backend.track(customer("ana", email="ana@example.com"), visitor("guest"))
    backend.alias_new({**alias("anas card"), "external_id": "ana"})
    ana = backend.known_by("ana")
    made = make_segment(acme)

    page = shown(marta.get(address(made)))

    assert f'href="{reverse("admin:profiles_profile_change", args=[ana.pk])}"' in page
    for text in ("ana@example.com", "crm:anas card", "Anonymous user", "crm:guest", "1 to 2 of 2"):
        assert text in page, text


def test_pages_of_members_take_as_many_queries_whatever_the_number(
    marta, acme, django_assert_max_num_queries
):
    made = make_segment(acme)
    make_users(acme, ["one"])
    marta.get(address(made))
    # Session, person, role, segment; known (twice), profiles, aliases; uses, steps and what came
    # before, cohorts, authors, versions and those before; star.
    with django_assert_max_num_queries(20) as few:
        marta.get(address(made))
    make_users(acme, [f"user {number:03}" for number in range(120)])

    with django_assert_max_num_queries(len(few)):
        page = shown(marta.get(address(made)))
    assert "1 to 50 of 121" in page
    after = marta.get(address(made)).context["audience"].page.next_place
    second = shown(marta.get(address(made), {"after": after}))
    assert "51 to 100 of 121" in second
    assert "1 to 50 of 121" in shown(marta.get(address(made), {"before": after}))


@pytest.mark.parametrize("place", ["-1", "x", "9" * 30, "²", "\0", ""])
def test_a_place_that_is_none_shows_the_first_page_or_nobody(marta, acme, place):
    make_users(acme, ["ana"])
    made = make_segment(acme)

    assert marta.get(address(made), {"after": place}).status_code == 200
    assert marta.get(address(made), {"before": place}).status_code == 200


# --- What stands beside ----------------------------------------------------------------


def test_the_page_tells_the_filters_in_words_the_size_and_its_history(marta, acme):
    tinyclues = Connector("acme")
    make_users(acme, ["ana", "bob"])
    tinyclues.name(name="Spring buyers")
    tinyclues.add("ana")
    apply_all()
    filters = tree(group(cohort("spring")), exclusions=[group(without("spring"), name="Cold")])
    made = make_segment(acme, filters=filters, description="They buy.", tags=["shop"])
    watching.watch(seconds=60)
    SizeStep.objects.create(segment=made, at=made.created_at, size=7, cause="sync")

    page = shown(marta.get(address(made)))

    assert "Tinyclues Cohorts includes Spring buyers" in page
    assert "Cold: except who matches all of these" in page
    assert "50.0 % of 2 users, exactly, as of now" in page
    assert f"created by {BY}" in page
    assert "They buy." in page
    assert 'data-chart="{' in page


def test_whatever_uses_a_segment_is_told_apart_by_message_or_segment(marta, acme, monkeypatch):
    made = make_segment(acme)
    make_segment(acme, "VIPs", tree(group(segment(made))))
    monkeypatch.setattr(usage, "_finders", list(usage._finders))
    usage.register(
        lambda workspace_id, ids: {
            one: [usage.Use("campaign", "Spring mail", "/somewhere/", state="scheduled")]
            for one in ids
        }
    )

    page = shown(marta.get(address(made)))

    assert '<a class="page-link" href="/somewhere/">Spring mail</a>' in page
    assert "campaign, scheduled" in page
    assert "VIPs" in page
    answer = shown(marta.post(address(made, "archive"), follow=True))
    assert (
        "Buyers is used by segment VIPs, campaign Spring mail. Take it out there first." in answer
    )
    made.refresh_from_db()
    assert made.archived_at is None


def test_an_archived_segment_comes_back_unless_its_name_is_taken(marta, acme):
    made = make_segment(acme)

    assert "Buyers is archived." in shown(marta.post(address(made, "archive"), follow=True))
    other = make_segment(acme)
    page = shown(marta.post(address(made, "restore"), follow=True))
    assert "Another segment is called Buyers by now." in page
    services.archive(other, by=BY)
    assert "Buyers is back." in shown(marta.post(address(made, "restore"), follow=True))
    assert [one.action for one in AuditEntry.objects.filter(object_id=str(made.pk))].count(
        "segment.restored"
    ) == 1


def test_filters_that_cant_be_evaluated_are_said_to_be_so(marta, acme):
    made = make_segment(acme)
    made.filters = tree(group(cohort("gone")))
    made.save()

    page = shown(marta.get(address(made)))

    assert "be evaluated any more" in page
    answer = shown(marta.post(address(made, "export"), {"column": "email"}, follow=True))
    assert "be evaluated. Mend them first." in answer


# --- Export ----------------------------------------------------------------------------


def export(client, made, *columns):
    answer = client.post(address(made, "export"), {"column": columns})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(answer.streaming_content).decode()
    return answer, list(csv.reader(io.StringIO(text)))


def test_the_export_has_the_chosen_columns_and_no_formula(marta, acme):
    backend = BackEnd()
    backend.track(
        customer("=1+1", "phone-1", email="@evil", vip=True), customer("bob", first_name="Bob")
    )
    backend.alias_new({**alias("-2"), "external_id": "bob"})
    made = make_segment(acme, 'Buyers / "VIP"')

    answer, rows = export(marta, made, "external_id", "user_aliases", "email", "custom_attributes")

    assert answer["Content-Disposition"] == 'attachment; filename="Buyers----VIP.csv"'
    assert rows == [
        ["external_id", "user_aliases", "email", "custom_attributes"],
        ["'=1+1", "", "'@evil", '{"vip": true}'],
        ["bob", "crm:-2", "", ""],
    ]
    entry = AuditEntry.objects.get(action="segment.exported")
    assert (entry.actor, entry.details["members"]) == ("marta", 2)


def test_only_members_are_exported_all_of_them_in_batches(marta, acme, monkeypatch):
    monkeypatch.setattr("segments.pages.export.AT_ONCE", 10)
    made_of = make_users(acme, [f"user {number}" for number in range(57)])
    inside = {name for name in made_of if int(name[5:]) % 2}
    make_cohort(acme, "spring", [made_of[name] for name in inside])
    made = make_segment(acme, filters=tree(group(cohort("spring"))))

    _, rows = export(marta, made, "external_id")

    assert len(rows) == 1 + len(inside)
    assert {row[0] for row in rows[1:]} == inside


def test_nothing_chosen_exports_nothing(marta, acme):
    made = make_segment(acme)

    page = shown(marta.post(address(made, "export"), {"column": "secret"}, follow=True))

    assert "Choose at least one column" in page
    assert not AuditEntry.objects.filter(action="segment.exported").exists()


@pytest.mark.django_db(transaction=True)
def test_an_export_in_the_background_is_downloaded_from_its_page(marta, acme):
    make_users(acme, ["ana"])
    made = make_segment(acme)

    answer = marta.post(address(made, "export"), {"column": "external_id", "_background": ""})
    job = Job.objects.get()
    assert answer["Location"] == reverse("admin:imports_job_change", args=[job.pk])
    result = reverse("admin:imports_job_result", args=[job.pk])
    assert result not in shown(marta.get(answer["Location"]))
    work_off(acme)

    assert result in shown(marta.get(answer["Location"]))
    assert b"".join(marta.get(result).streaming_content) == b"external_id\r\nana\r\n"


@pytest.mark.django_db(transaction=True)
def test_a_marketer_cancels_the_exports_that_she_ordered_and_no_others(client, marta, acme):
    made = make_segment(acme)
    order = {"column": "external_id", "_background": ""}
    marta.post(address(made, "export"), order)
    own = Job.objects.get()
    assert "Cancel the export" in shown(
        marta.get(reverse("admin:imports_job_change", args=[own.pk]))
    )

    answer = marta.post(reverse("admin:imports_job_cancel", args=[own.pk]), follow=True)

    assert "The export stops. There will be no file." in shown(answer)
    own.refresh_from_db()
    assert (own.state, own.cancelled_by) == (JobState.CANCELLED, own.created_by)
    marta.post(address(made, "export"), order)
    hers = Job.objects.exclude(pk=own.pk).get()
    client.force_login(make_member(acme, Role.MARKETER, "max"))
    assert "Cancel the export" not in shown(
        client.get(reverse("admin:imports_job_change", args=[hers.pk]))
    )
    assert client.post(reverse("admin:imports_job_cancel", args=[hers.pk])).status_code == 403
    hers.refresh_from_db()
    assert hers.state == JobState.WAITING


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("role", [Role.VIEWER])
def test_whoever_may_not_export_has_no_way_to(client, acme, role):
    assert "segments.export_segment" not in PERMISSIONS[role]
    make_users(acme, ["ana"])
    made = make_segment(acme)
    client.force_login(make_marketer(acme))
    client.post(address(made, "export"), {"column": "external_id", "_background": ""})
    work_off(acme)
    job = Job.objects.get()
    client.force_login(make_member(acme, role))

    assert "Export to CSV" not in shown(client.get(address(made)))
    assert client.post(address(made, "export"), {"column": "email"}).status_code == 403
    assert client.get(reverse("admin:imports_job_result", args=[job.pk])).status_code == 403
