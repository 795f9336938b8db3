"""The pages of imports: send a file, watch it, cancel it, get the rejected rows."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from imports import runner
from imports.models import Job, JobState, Piece
from imports.tests.factories import fresh, make_job, work_off
from profiles.importing import users
from profiles.models import Profile
from tests.factories import make_member, make_nobody, make_operator, make_workspace
from workspaces.models import Membership
from workspaces.roles import Role

pytestmark = pytest.mark.django_db(transaction=True)

ADD = reverse("admin:imports_job_add")
LIST = reverse("admin:imports_job_changelist")


@pytest.fixture
def acme(client):
    workspace = make_workspace("acme")
    client.force_login(make_operator())
    return workspace


def make_jobs_in_every_state(workspace):
    """One each, named after its state; some have done more than others."""
    for number, state in enumerate(["cancelling", *JobState.values]):
        job = make_job(workspace, title=f"{state}.csv")
        ended = state in ("done", "cancelled", "failed")
        Job.objects.filter(pk=job.pk).update(
            state="running" if state == "cancelling" else state,
            cancel_requested_at=timezone.now() if state == "cancelling" else None,
            finished_at=timezone.now() if ended else None,
            rows_done=number * 1000,
            rows_rejected=number,
            error="It went wrong." if state == "failed" else "",
        )


def send(client, content, name="users.csv"):
    return client.post(ADD, {"file": SimpleUploadedFile(name, content)})


def page(job, name="change"):
    return reverse(f"admin:imports_job_{name}", args=[job.pk])


def shown(answer):
    return " ".join(answer.content.decode().split())


def asks_for_more(client, job):
    """Whether the page goes on asking how far the job is."""
    return page(job, "progress") in shown(client.get(page(job)))


def test_the_empty_list_says_what_to_do(client, acme):
    text = shown(client.get(LIST))

    assert "No imports yet" in text
    assert f'href="{ADD}"' in text


def test_the_form_explains_the_file_with_an_example(client, acme):
    assert "external_id,email,age:number" in shown(client.get(ADD))


def test_a_file_that_is_sent_is_imported_in_the_background(client, acme):
    answer = send(client, b"external_id\nana\n")

    job = Job.objects.get()
    assert answer["Location"] == page(job)
    assert (job.state, job.title, job.created_by) == (JobState.WAITING, "users.csv", "olga")
    assert asks_for_more(client, job)
    work_off(acme)
    assert Profile.objects.get().external_id == "ana"
    assert not asks_for_more(client, job)


def test_a_file_larger_than_memory_takes_the_way_over_the_disk(client, acme, settings):
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 1000

    send(client, b"external_id\n" + b"".join(b"u%d\n" % number for number in range(1000)))
    work_off(acme)

    assert Profile.objects.count() == 1000


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"name,mail\nana,a\n", "The header must name either external_id"),
        (b"external_id;mail\nana;a\n", "Columns must be separated by commas."),
        (b"", "The file is empty."),
        (b"\x1f\x8bnonsense", "The gzip file is damaged"),
    ],
)
def test_a_file_that_cannot_be_imported_is_refused_in_the_form(client, acme, content, sentence):
    answer = send(client, content)

    assert answer.status_code == 200
    assert sentence in shown(answer)
    assert not Job.objects.exists()


def test_no_file_is_asked_for(client, acme):
    assert "Choose a file." in shown(client.post(ADD))


def test_a_file_over_the_limit_is_refused_with_the_limit(client, acme, settings):
    settings.IMPORT_FILE_LIMIT = 100_000

    answer = send(client, b"external_id\n" + b"u\n" * 100_000)

    assert "The file is larger than 97.6562 KiB." in shown(answer)
    assert not Job.objects.exists()


def test_a_job_s_page_shows_counts_rejects_and_the_rest(client, acme):
    job = make_job(acme, b"external_id,n:number\n" + b"u,x\n" * 1200 + b"ana,1\n")
    work_off(acme)

    text = shown(client.get(page(job)))

    assert "1,201" in text
    assert "1,200" in text
    assert "n: it must be a number" in text
    assert "1,190 more are in the file." in text
    assert "100 %" in text


def test_the_list_shows_files_with_their_state_and_rows(client, acme):
    make_job(acme, b"external_id\n" + b"".join(b"u%d\n" % n for n in range(1500)))
    work_off(acme)

    text = shown(client.get(LIST))

    for part in ("users.csv", "done", "1,500", "100 %", "tests", "<time"):
        assert part in text


def test_the_list_shows_jobs_in_every_state(client, acme):
    make_jobs_in_every_state(acme)

    text = shown(client.get(LIST))

    for state in ("cancelling", *JobState.values):
        assert f"{state}.csv" in text
    for word in ("stopping", "waiting", "running", "done", "cancelled", "failed"):
        assert f"> {word} <" in text


@pytest.mark.parametrize("state", JobState.values)
def test_the_list_can_be_narrowed_to_a_state(client, acme, state):
    make_jobs_in_every_state(acme)

    text = shown(client.get(LIST, {"state__exact": state}))

    assert [each for each in JobState.values if f"{each}.csv" in text] == [state]


@pytest.mark.parametrize("column", ["1", "2", "4", "5", "6", "7"])
@pytest.mark.parametrize("direction", ["", "-"])
def test_the_list_can_be_sorted_by_every_column_but_progress(client, acme, column, direction):
    make_jobs_in_every_state(acme)

    answer = client.get(LIST, {"o": direction + column})

    jobs = list(answer.context["cl"].result_list)
    assert len(jobs) == 6
    assert answer.context["cl"].get_ordering_field_columns() == {
        int(column): "desc" if direction else "asc"
    }


def test_the_list_is_searched_by_file_and_by_who_sent_it(client, acme):
    make_jobs_in_every_state(acme)

    assert "failed.csv" in shown(client.get(LIST, {"q": "failed"}))
    assert "done.csv" not in shown(client.get(LIST, {"q": "failed"}))
    assert "done.csv" in shown(client.get(LIST, {"q": "tests"}))
    assert "No imports yet" not in shown(client.get(LIST, {"q": "nothing like that"}))


def test_rejected_rows_are_handed_out_as_a_file_and_only_as_long_as_they_are_kept(client, acme):
    job = make_job(acme, b"external_id,n:number\nana,=x\n", title='a"b\r\n.csv.gz')
    work_off(acme)

    answer = client.get(page(job, "rejects"))

    assert answer["Content-Type"].startswith("text/csv")
    assert answer["Content-Disposition"] == 'attachment; filename="a-b-rejected.csv"'
    assert b"".join(answer.streaming_content).splitlines()[1].endswith(b",ana,'=x")
    Piece.objects.all().delete()
    assert client.get(page(job, "rejects")).status_code == 404
    assert client.get(page(job)).status_code == 200


def test_rejected_objects_are_handed_out_as_objects(client, acme):
    job = make_job(acme, b'{"external_id": "ana"}\nbad\n')
    work_off(acme)

    answer = client.get(page(job, "rejects"))

    assert answer["Content-Disposition"].endswith('rejected.ndjson"')


def test_cancelling_stops_it_and_says_who_did(client, acme, monkeypatch):
    monkeypatch.setattr(users, "BATCH_ROWS", 10)
    job = make_job(acme, b"external_id\n" + b"".join(b"u%d\n" % n for n in range(35)))
    runner.run(acme.pk, seconds=0)

    answer = client.post(page(job, "cancel"), follow=True)

    assert fresh(job).state == JobState.CANCELLED
    text = shown(answer)
    assert "What is stored stays." in text
    assert "olga stopped it." in text


def test_cancelling_takes_a_post(client, acme):
    assert client.get(page(make_job(acme), "cancel")).status_code == 405


def test_a_job_that_failed_says_why(client, acme):
    job = make_job(acme, b"external_id,a\nana," + b"x" * 1_000_000)
    work_off(acme)

    assert "The row at line 2 is longer than" in shown(client.get(page(job)))


def test_a_running_job_shows_its_speed_and_the_time_left(client, acme):
    job = make_job(acme)
    Job.objects.update(
        state="running", rows_done=60_000, bytes_total=400, bytes_done=100, seconds_worked=40
    )

    text = shown(client.get(page(job, "progress")))

    assert "25 %" in text
    assert "1,500 rows a second" in text
    assert "2 minutes left" in text


def test_an_old_job_of_a_kind_that_is_gone_still_has_its_page(client, acme):
    job = make_job(acme)
    Job.objects.update(
        kind="gone", state="done", counts={"made": 3}, finished_at=timezone.now() - timedelta(1)
    )

    assert "made" in shown(client.get(page(job)))


# --- Refusals ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["change", "progress", "cancel", "rejects"])
def test_another_workspace_s_import_is_not_found(client, acme, name):
    globex = make_workspace("globex")
    job = make_job(globex, b"external_id,n:number\nana,x\n")
    work_off(globex)
    client.force_login(make_member(acme, Role.OPERATOR))

    answer = client.post(page(job, name)) if name == "cancel" else client.get(page(job, name))

    assert answer.status_code == 404
    assert fresh(job).state == JobState.DONE


def test_another_workspace_s_imports_are_not_listed(client, acme):
    make_job(make_workspace("globex"), title="theirs.csv")

    assert "theirs.csv" not in shown(client.get(LIST))


def test_somebody_outside_the_team_sees_no_page_of_imports(client, acme):
    job = make_job(acme, b"external_id,n:number\nana,x\n")
    work_off(acme)
    client.force_login(make_nobody())

    for address in (LIST, ADD, *(page(job, name) for name in ("change", "progress", "rejects"))):
        assert client.get(address).status_code in (403, 404), address
    assert client.post(page(job, "cancel")).status_code in (403, 404)
    assert send(client, b"external_id\nbob\n").status_code in (403, 404)
    assert Job.objects.count() == 1


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MARKETER])
def test_who_may_only_look_can_neither_send_nor_cancel(client, acme, role):
    job = make_job(acme)
    client.force_login(make_member(acme, role))

    assert "Cancel the import" not in shown(client.get(page(job)))
    assert client.post(page(job, "cancel")).status_code == 403
    assert client.get(ADD).status_code == 403
    assert send(client, b"external_id\nana\n").status_code == 403
    assert fresh(job).state == JobState.WAITING


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ADMINISTRATOR])
def test_who_may_import_can_send_and_cancel(client, acme, role):
    client.force_login(make_member(acme, role))

    send(client, b"external_id\nana\n")
    job = Job.objects.get()
    assert "Cancel the import" in shown(client.get(page(job)))
    client.post(page(job, "cancel"))

    assert fresh(job).state == JobState.CANCELLED


def test_one_s_role_elsewhere_is_of_no_use_here(client, acme):
    person = make_member(acme, Role.VIEWER)
    Membership.objects.create(
        user=person, workspace=make_workspace("globex"), role=Role.ADMINISTRATOR
    )
    job = make_job(acme)
    client.force_login(person)

    assert client.post(page(job, "cancel")).status_code == 403


def test_a_stranger_s_file_isn_t_even_read(client, acme, monkeypatch):
    client.logout()
    kept = []
    monkeypatch.setattr(
        "django.core.files.uploadhandler.MemoryFileUploadHandler.receive_data_chunk",
        lambda *chunk: kept.append(chunk),
    )

    answer = send(client, b"external_id\nana\n")
    elsewhere = client.post(reverse("admin:login"), {"file": SimpleUploadedFile("x", b"x" * 99)})

    assert answer.status_code == 302
    assert elsewhere.status_code == 200
    assert not kept


def test_a_kind_that_does_not_exist_is_not_found(client, acme):
    assert client.get(ADD, {"kind": "nonsense"}).status_code == 404
