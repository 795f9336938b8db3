"""Files that add ids to a cohort and remove them, from the command line and in the background."""

import gzip
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models.functions import Now

from cohorts import outcomes
from cohorts.applying import apply
from cohorts.importing import files
from cohorts.models import Cohort, CohortHead, Mode, Upload
from cohorts.tests.factories import (
    accept,
    adds,
    apply_all,
    make_anonymous,
    make_cohort,
    make_users,
    members_of,
    name_user,
    waiting_id,
)
from imports import runner
from imports.files import InvalidFile
from imports.models import Job, JobState
from profiles.models import IdentifierKind, Profile
from tests.factories import make_partner, make_workspace
from workspaces.models import AuditEntry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def acme():
    return make_workspace()


@pytest.fixture
def imported(tmp_path, acme):
    """Import into Acme's cohort spring; the counts that aren't 0, and the complaints."""
    make_partner()

    def run(content, **options):
        path = tmp_path / "members.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        output, complaints = StringIO(), StringIO()
        call_command(
            "import_cohort",
            path,
            **{"workspace": "acme", "partner": "tinyclues", "cohort": "spring", **options},
            stdout=output,
            stderr=complaints,
        )
        pairs = (line.split() for line in output.getvalue().splitlines())
        return {name: int(n) for name, n in pairs if n != "0"}, complaints.getvalue()

    return run


def spring():
    return Cohort.objects.get(external_id="spring")


def members(users):
    return {name for name, profile_id in users.items() if profile_id in members_of(spring())}


def test_ids_of_a_file_join_a_new_cohort(acme, imported):
    users = make_users(acme, ["ann", "bob", "eve"])

    counts, complaints = imported(
        "external_id,city\nann,Paris\nbob,\nann,\nnobody,\n", name="Easter"
    )

    assert members(users) == {"ann", "bob"}
    assert counts == {"added": 2, "waiting": 1, "repeated": 1}
    assert waiting_id(acme, "nobody") in members_of(spring())
    assert spring().display_name == "Easter"
    assert not complaints
    assert set(
        AuditEntry.objects.filter(action__startswith="cohort.").values_list("action", flat=True)
    ) == {
        "cohort.created",
        "cohort.renamed",
        "cohort.imported",
    }


def test_ids_of_every_kind_stand_in_one_file(acme, imported):
    users = make_users(acme, ["ann", "bob"])
    profile = make_anonymous(acme)
    name_user(profile, IdentifierKind.DEVICE, "phone")
    bob = Profile.objects.get(pk=users["bob"])
    name_user(bob, IdentifierKind.ALIAS, "7", label="crm")

    counts, complaints = imported(
        "external_id,alias_label,alias_name,device_id\nann,,,\n,crm,7,\n,,,phone\nann,,,phone\n,,,\n,crm,,\n"
    )

    assert members_of(spring()) == {users["ann"], users["bob"], profile.pk}
    assert counts == {"added": 3, "rejected": 3}
    assert "line 5: it names two users" in complaints
    assert "line 6: it names no user" in complaints
    assert "line 7: alias_name must have 1 to 255 characters" in complaints


def test_objects_do_as_lines_do(acme, imported):
    users = make_users(acme, ["ann", "bob"])

    counts, complaints = imported(
        '{"external_id": "ann"}\n\n{"device_id": "x"}\nnonsense\n'
        '{"external_id": 7}\n{"external_id": "bob"}'
    )

    assert members(users) == {"ann", "bob"}
    assert counts == {"added": 2, "waiting": 1, "rejected": 2}
    assert "line 4: it is not a JSON object" in complaints
    assert "line 5: external_id must have 1 to 512 characters" in complaints


def test_ids_of_a_file_leave_a_cohort(acme, imported):
    users = make_users(acme, ["ann", "bob"])
    imported("external_id\nann\nbob\n")

    counts, _ = imported(gzip.compress(b"external_id\nann\nzoe\n"), mode="remove")

    assert members(users) == {"bob"}
    assert counts == {"removed": 1, "unknown": 1}


def test_bad_lines_are_rejected_whole_and_the_file_of_them_can_be_mended(acme, imported, tmp_path):
    users = make_users(acme, ["ann", "bob", "=cid"])
    rejects = tmp_path / "rejects.csv"

    counts, complaints = imported(
        b"external_id,note\nann,ok\n\nb\xff,x\nbob\n,nameless\nnul\0,x\n=cid,y,z\n"
        + b"g" * 513
        + b",long\n",
        rejects=rejects,
    )

    assert counts == {"added": 1, "rejected": 6}
    for line in (4, 5, 6, 7, 8, 9):
        assert f"line {line}: " in complaints
    text = rejects.read_text().replace("'=cid,y,z", "'=cid,y").replace("line 5", "").split("\n")
    mended = [text[0], *(line for line in text if "'=cid" in line), '9,because,bob,""']
    counts, _ = imported("\n".join(mended))
    assert counts == {"added": 2}
    assert members(users) == {"ann", "bob", "=cid"}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty"),
        (b"name,mail\n", "The header must name external_id"),
        (b"alias_name\n7\n", "The header must name external_id"),
        (b"external_id,external_id\n", "Two columns are named external_id"),
        (b"external_id;x\n", "separated by commas"),
        (b"[{}]", "JSON array"),
        (b'{"name": 1}', "The first line must name"),
        (b"\x1f\x8bnonsense", "gzip file is damaged"),
        ("external_id\n".encode("utf-16"), "UTF-16"),
    ],
)
def test_a_file_that_names_nobody_is_refused_and_creates_nothing(acme, imported, content, sentence):
    with pytest.raises(CommandError, match=sentence):
        imported(content)

    assert not Cohort.objects.exists()
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"workspace": "nowhere"}, "There is no workspace nowhere"),
        ({"partner": "nobody"}, "There is no partner nobody"),
        ({"cohort": "x" * 256}, "A cohort id has 1 to 255 characters"),
        ({"name": "x" * 256}, "A name has up to 255 characters"),
    ],
)
def test_a_cohort_that_cannot_be_is_refused_with_a_sentence(acme, imported, options, sentence):
    with pytest.raises(CommandError, match=sentence):
        imported("external_id\nann\n", **options)

    assert not Cohort.objects.exists()


def begun(acme, content, mode=Mode.ADD):
    return files.begin(
        make_cohort(acme), mode=mode, title="members.csv", chunks=[content], by="tests"
    )


def test_a_file_is_applied_behind_what_came_before_it(acme):
    users = make_users(acme, ["ann", "bob"])
    cohort = make_cohort(acme)
    accept(cohort, adds("ann"))
    job = begun(acme, b"external_id\nann\n", Mode.REMOVE)
    runner.run(acme.pk, seconds=10)
    accept(cohort, adds("bob"))
    apply_all()

    assert members(users) == {"bob"}
    assert outcomes.of_job(job.pk).counts["removed"] == 1
    account = outcomes.of_cohort(cohort.pk)
    assert account.received == CohortHead.objects.get(pk=cohort.pk).ids_received == 3
    assert account.adds_up


def test_a_killed_import_goes_on_and_hands_every_id_over_once(acme, monkeypatch):
    monkeypatch.setattr(files, "BATCH_BYTES", 40)
    names = [f"user {number}" for number in range(200)]
    users = make_users(acme, names)
    job = begun(acme, "\n".join(["external_id", *names]).encode())
    store = files.COHORT_FILE.store
    calls = []

    def dying(job, batch):
        """Dies in the middle of every other batch, once its ids are handed over."""
        outcome = store(job, batch)
        calls.append(batch)
        if len(calls) % 2:
            raise RuntimeError("killed")
        return outcome

    monkeypatch.setattr(files.COHORT_FILE, "store", dying)
    while not job.is_finished:
        Job.objects.update(retry_at=None)
        runner.run(acme.pk, seconds=10)
        apply_all()
        job.refresh_from_db()

    assert len(calls) > job.batches > 10
    assert (job.state, job.rows_done, job.counts) == (JobState.DONE, 200, {"ids": 200})
    assert Upload.objects.filter(job_id=job.pk).count() == job.batches
    assert outcomes.of_job(job.pk).counts["added"] == 200
    assert members(users) == set(names)


def test_a_cancelled_import_stops_and_keeps_what_it_handed_over(acme, monkeypatch):
    monkeypatch.setattr(files, "BATCH_BYTES", 40)
    names = [f"user {number}" for number in range(60)]
    make_users(acme, names)
    job = begun(acme, "\n".join(["external_id", *names]).encode())
    store = files.COHORT_FILE.store

    def store_and_cancel(running, batch):
        outcome = store(running, batch)
        Job.objects.update(cancel_requested_at=Now(), cancelled_by="olga")
        return outcome

    monkeypatch.setattr(files.COHORT_FILE, "store", store_and_cancel)
    runner.run(acme.pk, seconds=10)
    apply_all()

    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    assert 0 < len(members_of(spring())) == job.counts["ids"] < 60


def test_a_file_that_turns_bad_says_so_and_keeps_the_rows_before(acme):
    make_users(acme, ["ann"])
    with pytest.raises(InvalidFile):
        begun(acme, b"name\n")
    job = begun(acme, b"external_id\nann\n" + b"x" * 600_000 + b"\n")

    runner.run(acme.pk, seconds=10)
    apply_all()

    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert "longer than 512 KiB" in job.error
    assert len(members_of(spring())) == 1


def test_a_large_batch_is_one_request_and_apply_takes_it_whole(acme, imported):
    names = [f"user {number}" for number in range(3000)]
    make_users(acme, names)

    counts, _ = imported("\n".join(["external_id", *names]))

    assert counts == {"added": 3000}
    assert Upload.objects.get().ids == 3000
    assert apply.MOST_REQUESTS > 1
