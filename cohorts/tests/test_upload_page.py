"""Uploading a cohort in the dashboard, and deciding on a file that is to replace its members."""

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from cohorts.models import Cohort, CohortImport, StagedBlock
from cohorts.tests.factories import (
    accept,
    adds,
    apply_all,
    make_cohort,
    make_users,
    members_of,
)
from imports import runner
from imports.models import Job
from tests.factories import make_member, make_partner, make_workspace
from workspaces.models import AuditEntry
from workspaces.roles import Role

pytestmark = pytest.mark.django_db(transaction=True)

NEW = "admin:cohorts_cohort_new_upload"


@pytest.fixture
def acme():
    make_partner()
    return make_workspace()


@pytest.fixture
def omar(client, acme):
    client.force_login(make_member(acme, Role.OPERATOR))
    return client


@pytest.fixture
def users(acme):
    return make_users(acme, ["ann", "bob", "cid"])


def sent(content=b"external_id\nann\nnobody\n", mode="add", **fields):
    file = SimpleUploadedFile("members.csv", content)
    return {"partner": "tinyclues", "cohort": "easter", "mode": mode, "file": file, **fields}


def address(name, cohort):
    return reverse(f"admin:cohorts_cohort_{name}", args=[cohort.pk])


def job_page(client, job):
    return client.get(reverse("admin:imports_job_change", args=[job.pk]))


def work_off(workspace):
    runner.run(workspace.pk, seconds=10)
    apply_all()


def staged(omar, cohort, *names):
    """A file to replace the members, read and waiting for a decision."""
    content = "\n".join(["external_id", *names]).encode()
    omar.post(address("upload", cohort), {"mode": "replace", "file": sent(content)["file"]})
    work_off(cohort.workspace)
    return CohortImport.objects.order_by("-pk").first()


def test_a_file_makes_a_new_cohort_and_its_page_says_what_became_of_each_id(omar, acme, users):
    answer = omar.post(reverse(NEW), sent(name="Easter buyers"))

    job = Job.objects.get()
    assert answer["Location"] == reverse("admin:imports_job_change", args=[job.pk])
    assert job.created_by == "omar"
    work_off(acme)
    cohort = Cohort.objects.get()
    assert (cohort.display_name, cohort.external_id) == ("Easter buyers", "easter")
    assert users["ann"] in members_of(cohort)
    text = job_page(omar, job).content.decode()
    assert address("change", cohort) in text
    assert "users who came into the cohort" in text
    assert "still being applied" not in text
    log = omar.get(address("change", cohort)).context["log"]
    assert [line.job for line in log] == [job]


def test_what_is_handed_over_and_not_applied_is_said_and_asked_for_again(omar, acme, users):
    omar.post(reverse(NEW), sent())
    runner.run(acme.pk, seconds=10)

    text = job_page(omar, Job.objects.get()).content.decode()

    assert "2 ids are still being applied" in text


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"content": b"name\n"}, "file", "The header must name external_id"),
        ({"content": b""}, "file", "The file is empty."),
        ({"cohort": ""}, "cohort", "This field is required."),
        ({"cohort": "a\0b"}, "cohort", "Null characters are not allowed."),
        ({"partner": "nobody"}, "partner", "Select a valid choice"),
        ({"mode": "destroy"}, "mode", "Select a valid choice"),
    ],
)
def test_a_form_that_cannot_be_taken_says_why_and_makes_nothing(omar, fields, field, sentence):
    content = fields.pop("content", b"external_id\nann\n")

    answer = omar.post(reverse(NEW), sent(content, **fields))

    assert answer.status_code == 200
    assert sentence in str(answer.context["form"].errors[field])
    assert sentence in answer.content.decode()
    assert not Cohort.objects.exists()
    assert not Job.objects.exists()


def test_the_upload_of_a_cohort_asks_for_no_other(omar, acme, users):
    cohort = make_cohort(acme)
    other = make_cohort(acme, "other")

    form = omar.get(address("upload", cohort)).context["form"]
    omar.post(address("upload", cohort), sent(cohort="other"))
    work_off(acme)

    assert list(form.fields) == ["mode", "file"]
    assert users["ann"] in members_of(cohort)
    assert not members_of(other)


def test_replacing_is_seen_first_and_then_decided(omar, acme, users):
    cohort = make_cohort(acme)
    accept(cohort, adds("ann", "bob"))
    apply_all()
    file = staged(omar, cohort, "bob", "cid", "nobody")

    answer = job_page(omar, file.job)
    change = answer.context["panel"].difference
    assert (change.joining, change.waiting, change.leaving, change.staying) == (1, 1, 1, 1)
    assert "See what would change" in omar.get(address("change", cohort)).content.decode()
    wanted = {"import": file.pk, "who": "leaving"}
    leaving = omar.get(address("difference", cohort), wanted).getvalue().decode()
    assert [row[0] for row in csv.reader(io.StringIO(leaving))] == ["external_id", "ann"]
    assert members_of(cohort) == {users["ann"], users["bob"]}

    decision = {"import": file.pk, "fingerprint": change.fingerprint, "_replace": "1"}
    answer = omar.post(address("replace", cohort), decision, follow=True)

    assert "The members are replaced: 2 came, 1 went." in answer.content.decode()
    assert {users["bob"], users["cid"]} < members_of(cohort)
    assert users["ann"] not in members_of(cohort)
    assert AuditEntry.objects.get(action="cohort.replaced").actor == "omar"
    again = omar.post(address("replace", cohort), decision, follow=True)
    assert "decided on before" in again.content.decode()


def test_a_decision_on_what_has_changed_since_is_asked_for_again(omar, acme, users):
    cohort = make_cohort(acme)
    file = staged(omar, cohort, "bob")
    seen = job_page(omar, file.job).context["panel"].difference
    accept(cohort, adds("cid"))
    apply_all()

    decision = {"import": file.pk, "fingerprint": seen.fingerprint, "_replace": "1"}
    answer = omar.post(address("replace", cohort), decision, follow=True)

    assert "The cohort has changed since." in answer.content.decode()
    assert answer.context["panel"].difference.leaving == 1
    assert members_of(cohort) == {users["cid"]}


def test_a_file_that_nobody_wants_changes_nothing(omar, acme, users):
    cohort = make_cohort(acme)
    file = staged(omar, cohort, "bob")

    omar.post(address("replace", cohort), {"import": file.pk, "_discard": "1"})

    assert not members_of(cohort)
    assert not StagedBlock.objects.exists()
    assert "stayed as it was" in job_page(omar, file.job).content.decode()


def test_rejected_rows_of_a_replacement_are_warned_of(omar, acme, users):
    file = staged(omar, make_cohort(acme), "bob", "x" * 600)

    assert "1 row was rejected" in job_page(omar, file.job).content.decode()


def test_a_decision_names_an_import_of_that_cohort(omar, acme, users):
    file = staged(omar, make_cohort(acme), "bob")
    other = make_cohort(acme, "other")

    for number in (file.pk, "", "x", 10**30, 0):
        answer = omar.post(address("replace", other), {"import": number, "_discard": "1"})
        assert answer.status_code == 404
    assert StagedBlock.objects.exists()


def test_a_marketer_sees_the_difference_and_decides_nothing(client, omar, acme, users):
    cohort = make_cohort(acme)
    file = staged(omar, cohort, "bob")
    client.force_login(make_member(acme, Role.MARKETER))

    text = job_page(client, file.job).content.decode()

    assert "Somebody who may import decides on it." in text
    assert "Replace the members" not in text
    assert client.post(address("replace", cohort), {"import": file.pk}).status_code == 403
    assert client.post(address("upload", cohort), sent()).status_code == 403
    assert client.post(reverse(NEW), sent()).status_code == 403
    assert Job.objects.count() == 1


def test_the_list_leads_to_the_form(omar, acme):
    assert reverse(NEW) in omar.get(reverse("admin:cohorts_cohort_changelist")).content.decode()
    make_cohort(acme)
    assert reverse(NEW) in omar.get(reverse("admin:cohorts_cohort_changelist")).content.decode()


def test_no_form_without_a_cohort_takes_such_a_file(omar):
    page = reverse("admin:imports_job_add")

    assert omar.get(page).context["kind"].name == "users"
    assert omar.get(page, {"kind": "cohort"}).status_code == 404
