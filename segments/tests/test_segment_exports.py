"""POST /users/export/segment: a segment's members in the background, for machines."""

import gzip
import io
import json
import uuid
import zipfile
from contextlib import suppress

import pytest

from cohorts.tests.factories import make_users
from imports import jobs, runner
from imports.execution import Execution
from imports.models import Job
from imports.tests.factories import fresh, make_job, work_off
from profiles.importing import users
from profiles.tests.backend import BackEnd, alias, customer
from segments import services
from segments.exporting import kind, rows
from segments.tests.trees import cohort, group, make_cohort, tree
from segments.tree import parse
from tests.factories import BY, bearer, make_rest_key, make_workspace
from workspaces.models import AuditEntry

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/users/export/segment"
CALLS = [("post", PATH), ("get", f"{PATH}/status"), ("get", f"{PATH}/download")]
CALLS += [("post", f"{PATH}/cancel")]


@pytest.fixture
def acme():
    return BackEnd()


def make_segment(workspace, name="Buyers", filters=None):
    return services.create(workspace, name=name, filters=parse(filters or tree()), by=BY)


def order(backend, made, *fields, **body):
    fields = list(fields or ["external_id"])
    return backend.post(PATH, {"segment_id": str(made.pk), "fields_to_export": fields, **body})


def get(backend, what, **query):
    return backend.client.get(f"{PATH}/{what}", query, **bearer(backend.key))


def downloaded(backend, begun, **query):
    answer = get(backend, "download", export_id=begun["export_id"], **query)
    assert answer.status_code == 200, answer.content
    return answer, b"".join(answer.streaming_content)


def lines(content):
    return [json.loads(line) for line in content.splitlines()]


# --- What it makes ---------------------------------------------------------------------


def test_the_members_of_a_segment_are_exported_in_the_background(acme):
    acme.track(customer("ana", email="ana@example.com"), customer("bob"))
    acme.alias_new({**alias("card"), "external_id": "ana"})
    acme.track(customer("cid"))
    found = [acme.known_by(name).pk for name in ("ana", "bob")]
    make_cohort(acme.workspace, "spring", found)
    made = make_segment(acme.workspace, filters=tree(group(cohort("spring"))))

    answer = order(acme, made, "external_id", "email", "user_aliases", "apps")

    assert answer.status_code == 201
    begun = answer.json()
    assert begun["message"] == "success"
    status = get(acme, "status", export_id=begun["export_id"]).json()
    assert (status["status"], status["exported"], "url" in status) == ("waiting", 0, False)
    assert get(acme, "download", export_id=begun["export_id"]).status_code == 404
    work_off(acme.workspace)

    status = get(acme, "status", export_id=begun["export_id"]).json()
    assert status.pop("url").startswith("http://testserver/users/export/segment/download?")
    assert status == {
        "message": "success",
        "export_id": begun["export_id"],
        "status": "done",
        "percent": 100,
        "exported": 2,
    }
    answer, content = downloaded(acme, begun, output_format="none")
    assert answer["Content-Type"] == "application/x-ndjson"
    assert lines(content) == [
        {
            "external_id": "ana",
            "email": "ana@example.com",
            "user_aliases": [{"alias_name": "card", "alias_label": "crm"}],
        },
        {"external_id": "bob"},
    ]
    entry = AuditEntry.objects.get(action="segment.exported")
    assert entry.actor.startswith("qs_rak_")


def test_the_address_in_the_answer_is_that_of_the_file(acme):
    acme.track(customer("ana"))
    begun = order(acme, make_segment(acme.workspace), output_format="gzip").json()
    work_off(acme.workspace)

    answer = acme.client.get(begun["url"], **bearer(acme.key))

    assert answer["Content-Disposition"] == 'attachment; filename="Buyers.ndjson.gz"'
    assert lines(gzip.decompress(b"".join(answer.streaming_content))) == [{"external_id": "ana"}]
    assert acme.client.get(begun["url"]).status_code == 401


def test_a_file_comes_zipped_unless_something_else_is_asked_for(acme, monkeypatch):
    monkeypatch.setattr(kind, "BATCH_USERS", 2)
    acme.track(*(customer(str(number)) for number in range(5)))
    begun = order(acme, make_segment(acme.workspace)).json()
    work_off(acme.workspace)

    answer, content = downloaded(acme, begun)

    assert answer["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["Buyers.ndjson"]
        assert len(lines(archive.read("Buyers.ndjson"))) == 5


def test_a_table_has_one_header_and_no_formula(acme, monkeypatch):
    monkeypatch.setattr(kind, "BATCH_USERS", 2)
    acme.track(*(customer(f"={number}") for number in range(3)))
    made = make_segment(acme.workspace)
    begun = order(acme, made, "external_id", "email", file_format="csv").json()
    work_off(acme.workspace)

    _, content = downloaded(acme, begun, output_format="none")

    assert content == b"external_id,email\r\n'=0,\r\n'=1,\r\n'=2,\r\n"


@pytest.mark.parametrize(("file_format", "content"), [("csv", b"external_id\r\n"), ("ndjson", b"")])
def test_an_export_of_nobody_is_done_too(acme, file_format, content):
    begun = order(acme, make_segment(acme.workspace), file_format=file_format).json()
    work_off(acme.workspace)

    assert get(acme, "status", export_id=begun["export_id"]).json()["status"] == "done"
    assert downloaded(acme, begun, output_format="none")[1] == content


def test_custom_attributes_are_exported_one_by_one_or_all(acme):
    acme.track(customer("ana", tier="gold", vip=True))
    made = make_segment(acme.workspace)

    def exported(*fields, **body):
        begun = order(acme, made, *fields, **body).json()
        work_off(acme.workspace)
        return lines(downloaded(acme, begun, output_format="none")[1])

    some = exported("external_id", custom_attributes_to_export=["tier", "none"])
    everything = exported("custom_attributes", custom_attributes_to_export=["tier"])

    assert some == [{"external_id": "ana", "custom_attributes": {"tier": "gold"}}]
    assert everything == [{"custom_attributes": {"tier": "gold", "vip": True}}]


# --- One moment, and interruptions -----------------------------------------------------


def test_who_is_exported_is_settled_when_it_is_ordered(acme):
    acme.track(customer("ana"), customer("bob"))
    begun = order(acme, make_segment(acme.workspace), "external_id", "email").json()
    acme.track(customer("late"))
    acme.track(customer("bob", email="bob@example.com"))
    acme.delete("ana")
    work_off(acme.workspace)

    _, content = downloaded(acme, begun, output_format="none")

    assert lines(content) == [{"external_id": "bob", "email": "bob@example.com"}]
    status = get(acme, "status", export_id=begun["export_id"]).json()
    assert status["exported"] == 1


class Killed(BaseException):
    pass


def test_an_export_goes_on_after_its_worker_was_killed(acme, monkeypatch):
    """Killed before and after every batch: nobody is left out, nobody comes twice."""
    monkeypatch.setattr(kind, "BATCH_USERS", 7)
    names = [f"user {number:02}" for number in range(40)]
    make_users(acme.workspace, names)
    begun = order(acme, make_segment(acme.workspace)).json()
    job = Job.objects.get(pk=begun["export_id"])
    real = rows.users_of

    def die(*args, **options):
        real(*args, **options)
        raise Killed

    def die_after(job):
        raise Killed

    while not fresh(job).is_finished:
        Job.objects.filter(pk=job.pk, state="waiting").update(state="running")
        with monkeypatch.context() as patched:
            patched.setattr(rows, "users_of", die)
            with suppress(Killed):
                Execution(fresh(job), jobs.source_of(job)).go_on()
        if not fresh(job).is_finished:
            with suppress(Killed):
                Execution(fresh(job), jobs.source_of(job)).go_on(on_batch=die_after)

    assert fresh(job).batches == 6
    _, content = downloaded(acme, begun, output_format="none")
    assert [line["external_id"] for line in lines(content)] == names


def test_an_export_doesn_t_wait_for_an_import_that_came_before(acme, monkeypatch):
    monkeypatch.setattr(users, "BATCH_ROWS", 1)
    acme.track(customer("ana"))
    make_job(acme.workspace, b"external_id\n" + b"".join(b"user-%d\n" % n for n in range(50)))
    begun = order(acme, make_segment(acme.workspace)).json()

    for _turn in range(2):  # one for its user, and one to see that it was the last
        assert runner.run(acme.workspace.pk, seconds=0)

    _, content = downloaded(acme, begun, output_format="none")
    assert lines(content)[0] == {"external_id": "ana"}
    assert not fresh(Job.objects.get(kind="users")).is_finished


def test_a_cancelled_export_leaves_no_file(acme, monkeypatch):
    monkeypatch.setattr(kind, "BATCH_USERS", 1)
    acme.track(customer("ana"), customer("bob"))
    begun = order(acme, make_segment(acme.workspace)).json()
    runner.run(acme.workspace.pk, seconds=0)
    assert fresh(Job(pk=begun["export_id"])).rows_done == 1

    answer = acme.post(f"{PATH}/cancel", {"export_id": begun["export_id"]})

    assert (answer.status_code, answer.json()) == (200, {"message": "success"})
    assert get(acme, "status", export_id=begun["export_id"]).json()["status"] == "cancelled"
    assert get(acme, "download", export_id=begun["export_id"]).status_code == 404
    assert AuditEntry.objects.filter(action="segment.export_cancelled").count() == 1


# --- Refusals --------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_every_call_needs_a_key_with_its_permission(client, method, path):
    acme = make_workspace()
    weak = bearer(make_rest_key(acme, "users.export.ids,segments.details"))
    strong = bearer(make_rest_key(acme, "users.export.segment"))
    send = getattr(client, method)

    assert send(path).status_code == 401
    assert send(path, **bearer("qs_rak_nonsense")).status_code == 401
    assert send(path, **weak).status_code == 403
    assert send(path, **strong).status_code in (400, 415)
    assert send(f"{path}/", **strong).status_code in (400, 415)


BODIES = {
    "no segment": ({"segment_id": None}, "segment_id must be a valid string"),
    "no fields": (
        {"fields_to_export": None},
        "fields_to_export must be an array with at least one known field",
    ),
    "no known field": (
        {"fields_to_export": ["apps"]},
        "fields_to_export must be an array with at least one known field",
    ),
    "fields": ({"fields_to_export": "email"}, "fields_to_export must be an array of strings"),
    "attributes": (
        {"custom_attributes_to_export": [1]},
        "custom_attributes_to_export must be an array of strings",
    ),
    "many attributes": (
        {"custom_attributes_to_export": ["a"] * 501},
        "custom_attributes_to_export must name at most 500",
    ),
    "packing": ({"output_format": "rar"}, "output_format must be zip or gzip or none"),
    "packing of another kind": ({"output_format": []}, "output_format must be zip or gzip or none"),
    "format": ({"file_format": "xls"}, "file_format must be ndjson or csv"),
    "callback": (
        {"callback_endpoint": "https://example.com"},
        "callback_endpoint can't be called: ask /users/export/segment/status instead",
    ),
}


@pytest.mark.parametrize(("change", "message"), BODIES.values(), ids=BODIES.keys())
def test_a_refused_order_leaves_no_trace(acme, change, message):
    made = make_segment(acme.workspace)
    answer = (
        order(acme, made, **change)
        if "fields_to_export" not in change
        else acme.post(PATH, {"segment_id": str(made.pk), **change})
    )

    assert (answer.status_code, answer.json()["message"]) == (400, message)
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "body", ["[]", "null", "{", '{"segment_id": "x"}', '{"segment_id": "\\u0000"}']
)
def test_no_body_is_more_than_a_short_refusal(acme, body):
    answer = acme.client.post(PATH, body, "application/json", **bearer(acme.key))

    assert answer.status_code in (400, 404)


def test_nothing_of_another_workspace_is_exported_or_shown(acme):
    globex = BackEnd("globex")
    theirs = make_segment(globex.workspace)
    begun = order(globex, theirs).json()
    work_off(globex.workspace)

    assert order(acme, theirs).status_code == 404
    assert order(acme, type(theirs)(pk=uuid.uuid4())).status_code == 404
    for what in ("status", "download"):
        for export_id in (begun["export_id"], "0", "x", "9" * 30):
            assert get(acme, what, export_id=export_id).status_code == 404
    assert acme.post(f"{PATH}/cancel", {"export_id": begun["export_id"]}).status_code == 404
    assert downloaded(globex, begun)[0].status_code == 200


def test_a_job_that_is_no_export_isnt_shown_as_one(acme):
    job = make_job(acme.workspace)

    assert get(acme, "status", export_id=str(job.pk)).status_code == 404
    assert acme.post(f"{PATH}/cancel", {"export_id": str(job.pk)}).status_code == 404
    assert not fresh(job).cancel_requested_at


def test_too_many_exports_at_once_are_put_off(acme, monkeypatch):
    monkeypatch.setattr("segments.exporting.api.MOST_UNFINISHED", 2)
    made = make_segment(acme.workspace)
    assert [order(acme, made).status_code for _ in range(3)] == [201, 201, 429]
