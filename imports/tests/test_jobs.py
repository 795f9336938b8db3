"""One background job: exactly once per batch, in order, cancelled, resumed, tidied."""

import gzip
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from common.bitmaps import join
from imports import attempts, claims, foreground, jobs, kinds, pieces, retention, runner, tasks
from imports.execution import Execution, Overtaken
from imports.files import InvalidFile
from imports.models import Job, JobState, Piece, Role
from imports.tests.factories import BY, fresh, make_job, work_off
from profiles import known
from profiles.importing import bulk, users
from profiles.models import Profile
from profiles.tests.connections import aside, at_once
from tests.factories import make_operator, make_workspace
from workspaces.models import AuditEntry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def acme():
    return make_workspace("acme")


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(users, "BATCH_ROWS", 10)


def table(number, start=0, value="x"):
    lines = [f"u{index},{value}" for index in range(start, start + number)]
    return "\n".join(["external_id,a", *lines, ""]).encode()


def die_in_batch(monkeypatch, number, error=RuntimeError):
    """Raise in the midst of that batch's transaction, once."""
    store, calls = bulk.store, []

    def dying(workspace_id, batch):
        stored = store(workspace_id, batch)
        calls.append(1)
        if len(calls) == number:
            raise error
        return stored

    monkeypatch.setattr(bulk, "store", dying)


def test_a_waiting_file_is_worked_off_and_leaves_a_report(acme):
    job = make_job(acme, b"external_id,age:number\nana,41\nbob,many\n")

    work_off(acme)

    job = fresh(job)
    assert (job.state, job.rows_done, job.rows_rejected) == (JobState.DONE, 2, 1)
    assert job.counts == {"created": 1, "updated": 0}
    assert job.first_rejects == [{"line": 3, "reasons": ["age: it must be a number"]}]
    assert job.started_at and job.finished_at and job.bytes_done == job.bytes_total
    assert Profile.objects.get().attributes == {"age": 41}
    assert b"".join(pieces.read(job.pk, Role.REJECTS)).splitlines() == [
        b"rejected_line,rejected_because,external_id,age:number",
        b"3,age: it must be a number,bob,many",
    ]


def test_its_file_is_dropped_and_one_audit_row_written_with_its_end(acme):
    make_job(acme, by=make_operator())

    work_off(acme)

    assert not Piece.objects.exists()
    entry = AuditEntry.objects.get(action="users.imported")
    assert (entry.actor, entry.details) == ("olga", {"created": 1, "updated": 0, "rejected": 0})


def test_a_worker_that_dies_within_a_batch_leaves_nothing_of_it(acme, small_batches, monkeypatch):
    job = make_job(acme, table(35))
    die_in_batch(monkeypatch, 3)

    runner.run(acme.pk, seconds=60)

    job = fresh(job)
    assert (job.state, job.batches, job.rows_done) == (JobState.RUNNING, 2, 20)
    assert Profile.objects.count() == 20
    assert (job.failures, job.retry_at > timezone.now()) == (1, True)


def test_a_job_goes_on_from_where_it_was_left(acme, small_batches, monkeypatch):
    job = make_job(acme, table(15) + b"bad\n" + table(10, 15).split(b"\n", 1)[1] + b"bad\n")
    die_in_batch(monkeypatch, 2)
    runner.run(acme.pk, seconds=60)
    Job.objects.update(retry_at=None)

    work_off(acme)

    job = fresh(job)
    assert (job.state, job.rows_done, job.failures) == (JobState.DONE, 27, 0)
    assert job.counts == {"created": 25, "updated": 0}
    assert [reject["line"] for reject in job.first_rejects] == [17, 28]
    rejects = b"".join(pieces.read(job.pk, Role.REJECTS)).splitlines()
    assert len(rejects) == 3  # the header once
    assert len(join(known.read_known(acme.pk))) == 25


def test_a_go_without_time_stores_one_batch_and_says_that_there_is_more(acme, small_batches):
    job = make_job(acme, table(25))

    goes = 0
    while Job.objects.unfinished().exists():
        assert runner.run(acme.pk, seconds=0.0001)
        goes += 1

    assert goes == 4  # the last one finds the end
    assert fresh(job).counts == {"created": 25, "updated": 0}


def test_two_runners_at_once_store_everything_once(acme, small_batches):
    job = make_job(acme, table(200) + b"bad\n" * 30)

    def run():
        attempts.begin(job)
        try:
            mine = fresh(job)
            Execution(mine, jobs.source_of(mine)).go_on()
        except Overtaken:
            return "overtaken"
        return "done"

    outcomes = at_once(run, run, run)

    job = fresh(job)
    assert set(outcomes) == {"done", "overtaken"} or outcomes == ["done"]
    assert (job.state, job.batches, job.rows_done, job.rows_rejected) == ("done", 23, 230, 30)
    assert job.counts == {"created": 200, "updated": 0}
    assert len(b"".join(pieces.read(job.pk, Role.REJECTS)).splitlines()) == 31
    assert AuditEntry.objects.filter(action="users.imported").count() == 1
    assert Profile.objects.count() == 200


def await_end_of_session(pid, seconds=20):
    """A session that was closed goes on for a moment, with all that it holds."""
    until = time.monotonic() + seconds
    with connection.cursor() as cursor:
        while time.monotonic() < until:
            cursor.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [pid])
            if not cursor.fetchone():
                return
            time.sleep(0.01)
    raise AssertionError("the session doesn't end")


def test_only_the_holder_of_the_claim_runs_and_it_is_free_again_with_its_connection(acme):
    make_job(acme)

    def hold():
        with claims.claim(acme.pk) as mine:
            assert mine
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                (pid,) = cursor.fetchone()
            connection.close()  # as a killed worker's is
            return pid

    with claims.claim(acme.pk) as mine:
        assert mine
        assert claims.unclaimed() == []
        with aside(lambda: runner.run(acme.pk, seconds=60)) as (other,):
            assert other.result() is False
    assert not Profile.objects.exists()
    with aside(hold) as (held,):
        pass
    await_end_of_session(held.result())
    assert claims.unclaimed() == [acme.pk]
    work_off(acme)
    assert Profile.objects.exists()


def test_jobs_of_a_workspace_run_in_the_order_in_which_they_came(acme):
    make_job(acme, table(3, value="first"))
    make_job(acme, table(3, value="second"))
    make_job(acme, table(3, value="third"))

    at_once(lambda: work_off(acme), lambda: work_off(acme))
    work_off(acme)

    assert [profile.attributes["a"] for profile in Profile.objects.all()] == ["third"] * 3
    ends = list(Job.objects.order_by("pk").values_list("finished_at", flat=True))
    assert ends == sorted(ends)


def test_a_ring_finds_workspaces_with_something_to_do_and_no_others(acme):
    globex = make_workspace("globex")
    make_job(acme)
    waiting = make_job(globex)
    Job.objects.filter(pk=waiting.pk).update(retry_at=timezone.now() + timedelta(minutes=1))

    assert claims.unclaimed() == [acme.pk]
    tasks.run_jobs(acme.pk)
    assert claims.unclaimed() == []


def test_a_cancelled_job_stops_before_its_next_batch_and_keeps_what_it_stored(acme, small_batches):
    olga = make_operator()
    job = make_job(acme, table(35) + b"bad\n")
    runner.run(acme.pk, seconds=0.0001)

    jobs.cancel(fresh(job), by=olga)

    job = fresh(job)
    assert (job.state, job.rows_done, job.counts["created"]) == (JobState.CANCELLED, 10, 10)
    assert Profile.objects.count() == 10
    assert not Piece.objects.exists()
    entry = AuditEntry.objects.get(action="users.import_cancelled")
    assert (entry.actor, entry.details["created"]) == ("olga", 10)


def test_a_job_that_is_being_run_is_cancelled_by_its_runner(acme, small_batches):
    job = make_job(acme, table(35))
    attempts.begin(job)
    running = fresh(job)

    def cancel(so_far):
        if so_far.batches == 2:
            with claims.claim(acme.pk) as mine:
                assert mine
                with aside(lambda: jobs.cancel(fresh(job), by=BY)):
                    pass

    Execution(running, jobs.source_of(running)).go_on(on_batch=cancel)

    assert fresh(job).state == JobState.CANCELLED
    assert Profile.objects.count() == 30


def test_a_finished_job_cannot_be_cancelled(acme):
    job = make_job(acme)
    work_off(acme)

    jobs.cancel(fresh(job), by=BY)

    assert fresh(job).state == JobState.DONE
    assert not AuditEntry.objects.filter(action="users.import_cancelled").exists()


def test_what_keeps_failing_fails_with_a_sentence_and_lets_the_next_one_run(
    acme, small_batches, monkeypatch, caplog
):
    job = make_job(acme, table(15))
    later = make_job(acme, b"external_id\nzoe\n")
    store = bulk.store

    def failing(workspace_id, batch):
        if batch.rows == 5:
            raise RuntimeError("ana@example.com")
        return store(workspace_id, batch)

    monkeypatch.setattr(bulk, "store", failing)
    for _ in range(attempts.MOST_FAILURES):
        runner.run(acme.pk, seconds=60)
        Job.objects.update(retry_at=None)
    work_off(acme)

    job = fresh(job)
    assert (job.state, job.rows_done) == (JobState.FAILED, 10)
    assert job.error.startswith("Something went wrong on our side")
    assert "RuntimeError" in caplog.text
    assert "ana@example.com" not in caplog.text + job.error
    assert fresh(later).state == JobState.DONE


def test_a_job_whose_worker_keeps_dying_is_given_up(acme):
    job = make_job(acme)
    Job.objects.update(attempts=attempts.MOST_DEATHS)

    runner.run(acme.pk, seconds=60)

    assert fresh(job).state == JobState.FAILED
    assert not Profile.objects.exists()


def test_a_row_without_end_fails_the_job_and_keeps_the_rows_before_it(acme):
    job = make_job(acme, b"external_id,a\nana,1\nbob," + b"x" * 2_000_000 + b"\nzoe,2\n")

    work_off(acme)

    job = fresh(job)
    assert (job.state, job.rows_done) == (JobState.FAILED, 1)
    assert "line 3" in job.error
    assert AuditEntry.objects.get(action="users.import_failed").details["created"] == 1


def test_a_command_that_died_leaves_a_job_that_says_so(acme):
    job = jobs.make(acme, kinds.find("users"), title="x.csv", by=BY, foreground=True)

    work_off(acme)

    assert fresh(job).state == JobState.FAILED
    assert "run it again" in fresh(job).error


def test_a_command_finishes_what_came_before_and_then_does_its_own(acme, tmp_path):
    waiting = make_job(acme, table(3, value="uploaded"))
    path = tmp_path / "users.csv"
    path.write_bytes(table(3, value="commanded"))

    job = users.run(acme, path, by=BY)

    assert fresh(waiting).state == fresh(job).state == JobState.DONE
    assert fresh(job).foreground
    assert {profile.attributes["a"] for profile in Profile.objects.all()} == {"commanded"}


def test_an_interrupted_command_leaves_what_is_stored_and_running_it_again_does_the_rest(
    acme, small_batches, tmp_path, monkeypatch
):
    path = tmp_path / "users.csv"
    path.write_bytes(table(35))
    die_in_batch(monkeypatch, 3, KeyboardInterrupt)

    with pytest.raises(KeyboardInterrupt):
        users.run(acme, path, by=BY)

    assert Job.objects.get().state == JobState.CANCELLED
    assert Profile.objects.count() == 20
    job = users.run(acme, path, by=BY)
    assert (job.state, job.counts) == (JobState.DONE, {"created": 15, "updated": 20})


def test_zipped_and_plain_files_are_kept_alike_and_resume_alike(acme, small_batches):
    content = table(25)
    plain, zipped = make_job(acme, content), make_job(acme, gzip.compress(content))

    for job in (plain, zipped):
        assert b"".join(pieces.read(job.pk, Role.INPUT)) == content
        assert b"".join(pieces.read(job.pk, Role.INPUT, 100)) == content[100:]
    while Job.objects.unfinished().exists():
        runner.run(acme.pk, seconds=0.0001)

    assert fresh(plain).counts == {"created": 25, "updated": 0}
    assert fresh(zipped).counts == {"created": 0, "updated": 25}


def test_a_large_file_is_kept_in_pieces_and_read_from_any_place(acme):
    job = make_job(acme, b"external_id\n" + b"abcdefg\n" * 400_000)
    content = b"external_id\n" + b"abcdefg\n" * 400_000

    assert Piece.objects.filter(job=job).count() == 4
    for offset in (0, 5, pieces.SIZE - 1, pieces.SIZE, 2 * pieces.SIZE + 7, len(content)):
        assert b"".join(pieces.read(job.pk, Role.INPUT, offset)) == content[offset:]


@override_settings(IMPORT_UNZIPPED_LIMIT=1000)
def test_a_file_that_unzips_to_more_than_the_limit_is_refused_and_nothing_kept(acme):
    with pytest.raises(InvalidFile, match="larger than"):
        make_job(acme, gzip.compress(table(1000)))

    assert not Job.objects.exists()
    assert not Piece.objects.exists()


def test_rejected_rows_are_dropped_after_a_while_and_the_report_stays(acme, settings):
    job = make_job(acme, b"external_id,n:number\nana,x\n")
    work_off(acme)
    settings.JOB_FILES_RETENTION_DAYS = 7

    assert retention.tidy() == 0
    Job.objects.update(finished_at=timezone.now() - timedelta(days=8))
    tasks.tidy()

    assert not Piece.objects.exists()
    assert fresh(job).rows_rejected == 1


def test_a_file_that_waits_is_never_tidied(acme):
    job = make_job(acme)
    Job.objects.update(created_at=timezone.now() - timedelta(days=99))

    retention.tidy()

    assert pieces.exist(job.pk, Role.INPUT)


def test_a_kind_that_no_app_knows_any_more_fails(acme):
    job = make_job(acme)
    Job.objects.update(kind="gone")
    for _ in range(attempts.MOST_FAILURES):
        runner.run(acme.pk, seconds=60)
        Job.objects.update(retry_at=None)

    assert fresh(job).state == JobState.FAILED


def test_the_command_s_wait_is_told_once(acme, tmp_path):
    path = tmp_path / "users.csv"
    path.write_bytes(table(1))
    make_job(acme)
    told = []

    foreground.run(acme, kinds.find("users"), path, by=BY, on_wait=lambda: told.append(1))

    assert told == [1]
