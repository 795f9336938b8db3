"""A cohort's page: its account, names, uses and log, and what people may do there."""

import csv
import io
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cohorts import archiving, counting, naming, overlap, registry
from cohorts.models import Cohort, CohortSize, FormerName, Upload
from cohorts.search import search
from cohorts.tests.factories import (
    Connector,
    accept,
    adds,
    alias,
    apply_all,
    make_cohort,
    make_users,
    members_of,
    moment,
    removes,
)
from segments import services
from segments.builder import picks
from segments.tree import parse
from tests.factories import make_member, make_operator, make_workspace
from workspaces.models import AuditEntry
from workspaces.roles import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme():
    return make_workspace()


@pytest.fixture
def olga(client):
    client.force_login(make_operator())
    return client


@pytest.fixture
def spring(acme):
    """Named Easter once; ann and bob came, and two whom nobody knows yet."""
    make_users(acme, ["ann", "bob", "cid"])
    cohort = make_cohort(acme)
    registry.name(cohort.pk, name="Easter", created_at=moment("2026-05-04T10:00:00Z"))
    registry.name(cohort.pk, name="Spring", created_at=moment("2026-05-05T10:00:00Z"))
    accept(cohort, adds("ann", "bob", "=new"), {"aliases": [alias("crm", "7")]})
    accept(cohort, adds("ann", "ann"), removes("zoe"))
    apply_all()
    return Cohort.objects.get(pk=cohort.pk)


def address(name, cohort):
    return reverse(f"admin:cohorts_cohort_{name}", args=[cohort.pk])


def page(client, cohort, **parameters):
    answer = client.get(address("change", cohort), parameters)
    assert answer.status_code == 200
    return answer


def segment_of(workspace, *cohorts, name="Everybody in spring"):
    wanted = {"kind": "cohort", "partner": "tinyclues", "operator": "includes"}
    wanted["cohorts"] = [cohort.external_id for cohort in cohorts]
    tree = {"version": 1, "match": "all", "groups": [{"match": "any", "filters": [wanted]}]}
    return services.create(workspace, name=name, filters=parse(tree), by="tests")


# --- What it shows ---------------------------------------------------------------------


def test_the_ledger_accounts_for_every_id_and_says_that_it_adds_up(olga, spring):
    accept(spring, adds("cid", "zoe", "kim"))  # not applied yet

    answer = page(olga, spring)

    account = answer.context["portrait"].account
    assert {name: number for name, number in account.counts.items() if number} == {
        "added": 2,
        "waiting": 2,
        "already_in": 1,
        "repeated": 1,
        "unknown": 1,
    }
    assert (account.received, account.pending) == (10, 3)
    text = answer.content.decode()
    assert "the rows above add up to it" in text
    assert "Not applied yet" in text


def test_a_ledger_that_does_not_add_up_says_so(olga, spring):
    Upload.objects.filter(cohort=spring, sequence=1).update(added=7)

    assert "don’t add up" in page(olga, spring).content.decode()


def test_the_page_shows_names_size_and_the_log_with_what_became_of_each_id(olga, spring):
    counting.count_due()
    CohortSize.objects.create(cohort=spring, at=moment("2026-05-04T10:00:00Z"), size=7, waiting=3)

    answer = page(olga, spring)

    text = answer.content.decode()
    assert "Easter" in text
    portrait = answer.context["portrait"]
    assert (portrait.size.matched, portrait.size.waiting) == (2, 2)
    assert [(step.size, step.waiting) for step in portrait.steps][0] == (7, 3)
    assert [(one.came, one.went) for one in portrait.busy_days] == [(4, 0)]
    assert text.count("data-chart=") == 2
    lines = [(line.upload.sequence, dict(line.outcomes)) for line in answer.context["log"]]
    assert lines == [
        (2, {"Already in": 1, "Repeated": 1, "Unknown": 1}),
        (1, {"Added": 2, "Waiting": 2}),
    ]


def test_the_log_is_turned_page_by_page_without_counting(olga, spring):
    for number in range(60):
        accept(spring, adds(f"user {number}"))

    first = page(olga, spring).context["log"]
    last = page(olga, spring, log=3).context["log"]

    assert [line.upload.sequence for line in first] == list(range(62, 37, -1))
    assert [line.upload.sequence for line in last] == list(range(12, 0, -1))
    assert list(page(olga, spring, log="nonsense").context["log"])[0].upload.sequence == 62


def test_keys_are_named_to_those_who_may_see_keys(client, acme, olga):
    tinyclues = Connector("acme", "tinyclues")
    tinyclues.add("ann")
    cohort = Cohort.objects.get()
    key = tinyclues.client_secret.rsplit("_", 1)[0]

    assert key in page(olga, cohort).content.decode()
    client.force_login(make_member(acme, Role.MARKETER))
    text = page(client, cohort).content.decode()
    assert key not in text
    assert "call of the partner" in text


def test_a_page_of_many_uploads_takes_as_many_queries_as_one_of_few(olga, spring):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            page(olga, spring)
        return len(captured)

    queries()
    few = queries()
    for number in range(40):
        accept(spring, adds(f"user {number}"))
    segment_of(spring.workspace, spring)

    assert queries() == few


def test_another_workspace_finds_none_of_its_pages(client, spring):
    client.force_login(make_member(make_workspace("globex"), Role.ADMINISTRATOR))

    for name in (
        *("change", "waiting", "overlap", "rename", "archive", "restore"),
        *("upload", "replace", "difference"),
    ):
        assert client.get(address(name, spring)).status_code == 404
        assert client.post(address(name, spring), {"name": "x"}).status_code == 404
    spring.refresh_from_db()
    assert (spring.display_name, spring.archived_at) == ("Spring", None)


def test_waiting_ids_come_as_a_file_that_no_spreadsheet_takes_for_formulas(olga, spring):
    answer = olga.get(address("waiting", spring))

    assert answer["Content-Disposition"] == 'attachment; filename="spring-waiting.csv"'
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert rows[0] == ["external_id", "alias_label", "alias_name", "device_id", "named_at"]
    assert sorted(row[:4] for row in rows[1:]) == [["", "crm", "7", ""], ["'=new", "", "", ""]]


# --- Overlap ---------------------------------------------------------------------------


def test_overlap_counts_people_in_both_and_nobody_who_waits(olga, acme, spring):
    for name, members in (
        ("both", ["ann", "bob", "=new"]),
        ("one", ["bob", "cid"]),
        ("none", ["cid"]),
        ("waiting", ["=new"]),
    ):
        accept(make_cohort(acme, name), adds(*members))
    gone = make_cohort(acme, "gone")
    accept(gone, adds("ann"))
    accept(make_cohort(make_workspace("globex"), "theirs"), adds("ann"))
    apply_all()
    archiving.archive(gone, by="tests")

    found = olga.get(address("overlap", spring)).context["overlap"]

    assert [(one.cohort.external_id, one.people, one.percent) for one in found.shared] == [
        ("both", 2, 100),
        ("one", 1, 50),
    ]
    assert (found.compared, found.others) == (4, 4)


def test_overlap_is_bounded_and_says_with_how_many_it_compared(acme, spring, monkeypatch):
    monkeypatch.setattr(overlap, "MOST_BLOCKS", 2)
    for number in range(4):
        accept(make_cohort(acme, f"cohort {number}"), adds("ann"))
    apply_all()

    found = overlap.of(spring)

    assert (found.compared, found.others, len(found.shared)) == (2, 4, 2)


# --- What people may do ----------------------------------------------------------------


def test_a_name_given_here_stays_whatever_the_partner_sends(olga, acme, spring):
    olga.post(address("rename", spring), {"name": "  Our spring  "})
    registry.name(spring.pk, name="Spring 2", created_at=moment("2026-05-06T10:00:00Z"))

    cohort = Cohort.objects.get(pk=spring.pk)
    assert (cohort.display_name, cohort.name) == ("Our spring", "Spring 2")
    for text in ("our spring", "easter", "SPRING 2", "Spring"):
        assert cohort in search(Cohort.objects.filter(workspace=acme), text)
    assert set(FormerName.objects.values_list("name", flat=True)) == {"Easter", "Spring"}
    entry = AuditEntry.objects.get(action="cohort.renamed")
    assert (entry.actor, entry.details) == ("olga", {"from": "Spring", "to": "Our spring"})

    olga.post(address("rename", spring), {"name": ""})
    assert Cohort.objects.get(pk=spring.pk).display_name == "Spring 2"


def test_renaming_to_the_same_name_leaves_no_trace(spring):
    naming.rename(spring, name="Spring", by="tests")

    assert not AuditEntry.objects.filter(action="cohort.renamed").exists()


@pytest.mark.parametrize("name", ["x" * 256, "a\0b"])
def test_a_name_that_cannot_be_is_refused_with_a_sentence(olga, spring, name):
    answer = olga.post(address("rename", spring), {"name": name})

    assert answer.status_code == 200
    assert answer.context["form"].errors["name"]
    assert Cohort.objects.get(pk=spring.pk).display_name == "Spring"


def test_a_cohort_in_use_is_not_archived_and_what_uses_it_is_named(olga, acme, spring):
    segment = segment_of(acme, make_cohort(acme, "other"), spring)

    asked = olga.get(address("archive", spring)).content.decode()
    answer = olga.post(address("archive", spring), follow=True).content.decode()

    for text in (asked, answer):
        assert "Everybody in spring" in text
    assert Cohort.objects.get(pk=spring.pk).archived_at is None
    with pytest.raises(archiving.CohortInUse, match="segment Everybody in spring"):
        archiving.archive(spring, by="tests")
    services.archive(segment, by="tests")
    archiving.archive(spring, by="tests")


def test_archiving_and_restoring_keep_members_and_uploads(olga, spring):
    before = members_of(spring)

    olga.post(address("archive", spring))
    assert Cohort.objects.get(pk=spring.pk).archived_at
    accept(spring, adds("cid"))
    apply_all()
    assert "archived, and receiving" in page(olga, spring).content.decode()
    olga.post(address("restore", spring))
    olga.post(address("restore", spring))

    assert Cohort.objects.get(pk=spring.pk).archived_at is None
    assert members_of(spring) > before
    done = AuditEntry.objects.filter(object_type="cohort").order_by("pk")
    assert list(done.values_list("action", flat=True)) == ["cohort.archived", "cohort.restored"]


def test_a_marketer_starts_a_segment_from_it_and_changes_nothing(client, acme, spring):
    client.force_login(make_member(acme, Role.MARKETER))

    text = page(client, spring).content.decode()

    wanted = page(client, spring).context["segment_url"]
    assert f'href="{wanted}"' in text
    assert parse_qs(urlsplit(wanted).query) == {"cohort": ["tinyclues:spring"]}
    assert client.get(wanted).status_code == 200
    for name in ("rename", "archive", "upload"):
        assert address(name, spring) not in text
        assert client.get(address(name, spring)).status_code == 403


def test_a_viewer_is_offered_no_segment(client, acme, spring):
    client.force_login(make_member(acme, Role.VIEWER))

    assert "Create segment" not in page(client, spring).content.decode()


# --- Troubleshooting -------------------------------------------------------------------


def test_the_name_that_tinyclues_shows_as_export_file_name_finds_the_cohort(olga, acme):
    """As its documentation says: look the "Export file name" of a campaign up in Segments.

    It normally arrives as the cohort's name; some clients send both.
    """
    tinyclues = Connector("acme", "tinyclues")
    tinyclues.name("c-1", name="2026_05_04-Spring Collection_Primary")
    tinyclues.name("c-2", name="Summer", export_file_name="2026_06_01-Summer_Sale.csv")
    tinyclues.name("c-3", name="Else")

    def found(text):
        listed = olga.get(reverse("admin:cohorts_cohort_changelist"), {"q": text})
        in_list = [cohort.external_id for cohort in listed.context["cl"].result_list]
        in_picker = [pick.id for pick in picks.find(acme, "cohort/tinyclues", text).picks]
        assert in_list == in_picker
        return in_list

    for text in (
        "2026_05_04-Spring Collection_Primary",
        "2026_05_04-spring_collection_primary.csv",
        "2026-05-04 SPRING COLLECTION primary.csv.gz",
        "springcollection",
    ):
        assert found(text) == ["c-1"]
    for text in ("2026_06_01-Summer_Sale", "summer sale.CSV", "2026 06 01 summer-sale.txt"):
        assert found(text) == ["c-2"]
    assert found("winter") == []
