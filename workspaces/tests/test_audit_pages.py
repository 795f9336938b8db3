"""The audit log names things as people know them, and leads to them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cohorts.models import Cohort
from cohorts.tests.factories import make_cohort, make_users
from imports.tests.factories import make_job
from segments.models import Segment
from tests.factories import BY, make_operator, make_partner, make_workspace
from workspaces import audit
from workspaces.audit_log.names import names
from workspaces.audit_log.words import WORDS, words
from workspaces.models import AuditEntry

pytestmark = pytest.mark.django_db

LIST = "admin:workspaces_auditentry_changelist"


@pytest.fixture
def acme():
    return make_workspace()


@pytest.fixture
def olga(client):
    client.force_login(make_operator())
    return client


def note(workspace, object_type, object_id, action="x.done"):
    return audit.record(
        workspace=workspace,
        by=BY,
        action=action,
        object_type=object_type,
        object_id=str(object_id),
    )


def name_of(entry):
    return str(names([entry])[entry.pk].name)


def test_each_kind_of_thing_is_called_by_its_name(acme):
    user = make_users(acme, ["ann"])["ann"]
    spring = Segment.objects.create(workspace=acme, name="Spring")
    job = make_job(acme)
    Cohort.objects.filter(pk=make_cohort(acme, "summer").pk).update(name="Buyers of summer")

    expected = [
        (("user", user), "ann"),
        (("waiting_id", 7), "an id that waited"),
        (("segment", spring.pk), "Spring"),
        (("cohort", "summer"), "Buyers of summer"),
        (("import", job.pk), job.title),
        (("workspace", acme.pk), "Acme"),
        (("workspace", acme.slug), "Acme"),
        (("integration", make_partner().slug), "Tinyclues"),
        (("rest_api_key", "qs_rak_123"), "qs_rak_123"),
    ]

    for thing, name in expected:
        assert name_of(note(acme, *thing)) == name


@pytest.mark.parametrize("object_type", ["segment", "campaign", "canvas", "import", "user"])
@pytest.mark.parametrize("object_id", ["no-such-id", "9" * 30])
def test_an_id_that_can_be_nothings_stays_as_it_was_noted(acme, object_type, object_id):
    assert name_of(note(acme, object_type, object_id)) == object_id


def test_a_user_who_is_gone_is_said_to_be_and_an_account_keeps_its_name(acme):
    assert name_of(note(acme, "user", 10**6)) == "a user who is gone"
    assert name_of(note(None, "user", "marta")) == "marta"


def test_a_cohort_id_that_two_partners_use_stays_as_it_is(acme):
    for partner in ("tinyclues", "segment"):
        make_cohort(acme, "spring", partner)
    Cohort.objects.update(name="Spring")

    assert name_of(note(acme, "cohort", "spring")) == "spring"


def test_nothing_of_another_workspace_is_named(acme):
    globex = make_workspace("globex")
    theirs = Segment.objects.create(workspace=globex, name="Secret")
    job, user = make_job(globex), make_users(globex, ["zoe"])["zoe"]

    assert name_of(note(acme, "segment", theirs.pk)) == str(theirs.pk)
    assert name_of(note(acme, "import", job.pk)) == str(job.pk)
    assert name_of(note(acme, "user", user)) == "a user who is gone"
    assert name_of(note(acme, "workspace", globex.slug)) == "globex"


def test_the_list_says_in_words_what_was_done_to_what_and_leads_there(olga, acme):
    spring = Segment.objects.create(workspace=acme, name="Spring <b>")
    note(acme, "segment", spring.pk, "segment.created")

    page = olga.get(reverse(LIST)).content.decode()

    assert "Segment created" in page
    assert "Spring &lt;b&gt;" in page
    assert f'href="{reverse("admin:segments_segment_detail", args=[spring.pk])}"' in page
    assert str(spring.pk) not in page.replace(f"/{spring.pk}/", "")


def test_an_entry_s_page_has_its_details(olga, acme):
    entry = note(acme, "import", make_job(acme).pk, "users.imported")
    AuditEntry.objects.filter(pk=entry.pk).update(details={"created": 3})

    page = olga.get(reverse("admin:workspaces_auditentry_change", args=[entry.pk]))

    text = page.content.decode()
    assert "Users imported" in text
    assert "users.imported" not in text
    assert "&quot;created&quot;: 3" in text


def test_entries_are_counted_as_such(olga, acme):
    AuditEntry.objects.all().delete()
    for _ in range(22):
        note(acme, "workspace", acme.pk)

    assert "22 audit entries" in " ".join(olga.get(reverse(LIST)).content.decode().split())


def test_a_longer_log_takes_no_more_queries(olga, acme):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert olga.get(reverse(LIST)).status_code == 200
        return len(captured)

    for number in range(2):
        note(acme, "segment", Segment.objects.create(workspace=acme, name=str(number)).pk)
    few = queries()
    for number in range(2, 20):
        note(acme, "segment", Segment.objects.create(workspace=acme, name=str(number)).pk)

    assert queries() == few


def test_an_action_without_words_is_shown_as_it_is():
    assert words("tea.made") == "tea.made"
    assert all("." in action for action in WORDS)
