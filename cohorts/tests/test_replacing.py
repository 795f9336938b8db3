"""A file that replaces a cohort's members: seen first, then all at once."""

import itertools

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from cohorts import outcomes, retention
from cohorts.importing import files, replacing, staging
from cohorts.models import CohortHead, CohortImport, Mode, StagedBlock, Upload
from cohorts.tests.factories import (
    accept,
    adds,
    apply_all,
    make_cohort,
    make_users,
    members_of,
    moment,
    outcome_of,
    removes,
    waiting_id,
)
from imports import runner
from imports.models import Job
from profiles import deletion, integrity, merging
from profiles.models import Identifier
from tests.commands import manage
from tests.factories import make_workspace
from workspaces.models import AuditEntry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def acme():
    return make_workspace()


@pytest.fixture
def users(acme):
    return make_users(acme, ["ann", "bob", "cid", "dan", "eve"])


@pytest.fixture
def spring(acme, users):
    """Ann and Bob are in it, and somebody whom nobody knows yet."""
    cohort = make_cohort(acme)
    accept(cohort, adds("ann", "bob", "old"))
    apply_all()
    return cohort


def staged(cohort, *names):
    """A file of those external ids, read to its end and not decided on."""
    content = "\n".join(["external_id", *names]).encode()
    job = files.begin(cohort, mode=Mode.REPLACE, title="members.csv", chunks=[content], by="marta")
    runner.run(cohort.workspace_id, seconds=10)
    return CohortImport.objects.select_related("job", "cohort__workspace").get(pk=job.pk)


def replace(file):
    change = replacing.difference(file)
    return replacing.replace(file, fingerprint=change.fingerprint, by="marta")


def names_in(cohort):
    """External ids of members, existing or waiting."""
    held = Identifier.objects.filter(profile_id__in=members_of(cohort))
    return sorted(held.values_list("value", flat=True))


def check_membership():
    call_command("check_membership")


def test_nothing_changes_until_somebody_has_seen_what_would(spring, users):
    file = staged(spring, "bob", "cid", "new")

    change = replacing.difference(file)

    assert names_in(spring) == ["ann", "bob", "old"]
    assert (change.joining, change.waiting, change.leaving, change.staying) == (1, 1, 2, 1)
    assert set(change.removed) == {users["ann"], waiting_id(spring.workspace, "old")}
    assert set(change.added) == {users["cid"], waiting_id(spring.workspace, "new")}
    check_membership()


def test_the_swap_leaves_exactly_the_file_s_users_and_an_account_of_each_id(spring):
    file = staged(spring, "bob", "cid", "new", "bob")

    replace(file)

    assert names_in(spring) == ["bob", "cid", "new"]
    assert outcome_of(spring, 2) == {"removed": 2}
    assert outcome_of(spring, 3) == {"added": 1, "waiting": 1, "already_in": 1, "repeated": 1}
    assert set(Upload.objects.values_list("job_id", flat=True)) == {None, file.pk}
    account = outcomes.of_cohort(spring.pk)
    assert account.received == CohortHead.objects.get(pk=spring.pk).ids_received == 3 + 2 + 4
    assert account.adds_up
    assert not StagedBlock.objects.exists()
    entry = AuditEntry.objects.get(action="cohort.replaced")
    assert (entry.actor, entry.details["added"], entry.details["removed"]) == ("marta", 2, 2)
    check_membership()


def test_what_comes_after_the_swap_is_applied_on_top_of_it(spring):
    replace(staged(spring, "cid"))

    accept(spring, adds("dan"), removes("cid"))
    apply_all()

    assert names_in(spring) == ["dan"]
    check_membership()


def test_a_cohort_that_changed_meanwhile_asks_again(spring):
    file = staged(spring, "bob", "cid")
    seen = replacing.difference(file)
    accept(spring, adds("dan"))  # accepted and not applied yet: it comes first

    with pytest.raises(replacing.CannotReplace, match="has changed since"):
        replacing.replace(file, fingerprint=seen.fingerprint, by="marta")

    assert names_in(spring) == ["ann", "bob", "dan", "old"]
    replace(file)
    assert names_in(spring) == ["bob", "cid"]
    check_membership()


def test_a_parked_cohort_is_mended_first(spring):
    file = staged(spring, "cid")
    change = replacing.difference(file)
    accept(spring, adds("dan"))
    spring.cursor.parked_at = moment("2026-05-04T10:00:00Z")
    spring.cursor.save()

    with pytest.raises(replacing.CannotReplace, match="The cohort is parked"):
        replacing.replace(file, fingerprint=change.fingerprint, by="marta")

    assert names_in(spring) == ["ann", "bob", "old"]


def test_nobody_decides_twice(spring):
    file = staged(spring, "cid")
    change = replace(file)
    with pytest.raises(replacing.CannotReplace, match="decided on before"):
        replacing.replace(file, fingerprint=change.fingerprint, by="marta")

    other = staged(spring, "dan")
    replacing.discard(other, by="marta")
    with pytest.raises(replacing.CannotReplace, match="decided on before"):
        replace(other)

    assert names_in(spring) == ["cid"]
    assert not StagedBlock.objects.exists()


def test_the_file_s_users_are_followed_through_merges_and_deletions(spring, users):
    file = staged(spring, "cid", "dan", "eve", "new")
    merging.merge_profiles(spring.workspace, users["cid"], users["ann"], by="tests")
    deletion.delete(spring.workspace, profile_ids=[users["dan"]], by="tests")
    make_users(spring.workspace, ["zoe"])

    replace(file)

    assert members_of(spring) == {
        users["ann"],
        users["eve"],
        waiting_id(spring.workspace, "new"),
    }
    # Ann, whom cid became, was in before.
    assert outcome_of(spring, 3) == {"added": 1, "waiting": 1, "already_in": 1, "deleted": 1}
    check_membership()


def test_a_merge_of_two_of_the_file_s_users_counts_as_a_repetition(spring, users):
    file = staged(spring, "cid", "dan")
    merging.merge_profiles(spring.workspace, users["cid"], users["dan"], by="tests")

    replace(file)

    assert outcome_of(spring, 3) == {"added": 1, "repeated": 1}
    check_membership()


def test_a_cancelled_or_undecided_file_is_forgotten_in_time(spring):
    cancelled, undecided, fresh = (staged(spring, name) for name in ("cid", "dan", "eve"))
    Job.objects.filter(pk=cancelled.pk).update(state="cancelled")
    long_ago = moment("2026-05-04T10:00:00Z")
    Job.objects.filter(pk=undecided.pk).update(finished_at=long_ago)

    retention.tidy()

    assert {file_id for (file_id,) in StagedBlock.objects.values_list("file_id")} == {fresh.pk}
    undecided.refresh_from_db()
    assert undecided.discarded_at is not None
    with pytest.raises(replacing.CannotReplace):
        replace(cancelled)


def test_a_killed_import_goes_on_and_stages_every_id_once(spring, users, monkeypatch):
    monkeypatch.setattr(files, "BATCH_BYTES", 40)
    names = [f"user {number}" for number in range(100)]
    known = make_users(spring.workspace, names)
    store = files.COHORT_FILE.store
    calls = itertools.count(1)

    def dying(job, batch):
        outcome = store(job, batch)
        if next(calls) % 2:
            raise RuntimeError("killed")
        return outcome

    monkeypatch.setattr(files.COHORT_FILE, "store", dying)
    file = staged(spring, *names, "nobody")
    while not file.job.is_finished:
        Job.objects.update(retry_at=None)
        runner.run(spring.workspace_id, seconds=10)
        file.job.refresh_from_db()

    replace(file)

    assert members_of(spring) == {*known.values(), waiting_id(spring.workspace, "nobody")}
    assert next(calls) > file.job.batches
    check_membership()


def test_the_command_shows_what_would_change_and_asks(spring, tmp_path, monkeypatch):
    path = tmp_path / "members.csv"
    path.write_text("external_id\ncid\n")
    wanted = ["import_cohort", path, "--mode", "replace"]
    wanted += ["--workspace", "acme", "--partner", "tinyclues", "--cohort", "spring"]

    monkeypatch.setattr("builtins.input", lambda: "no")
    with pytest.raises(CommandError, match="Nothing was changed"):
        manage(*wanted)
    assert names_in(spring) == ["ann", "bob", "old"]

    said = manage(*wanted, "--yes")

    assert names_in(spring) == ["cid"]
    assert "1 would be added" in said.err
    assert "3 removed" in said.err
    assert "added 1\n" in said.out


people = st.sets(st.sampled_from([*"abcdefgh", "w1", "w2", "w3"]))


@settings(max_examples=25, deadline=None)
@given(before=people, file=people, after=people)
def test_the_members_are_the_file_s_whatever_they_were(before, file, after):
    workspace = make_workspace(f"acme-{next(numbers)}")
    make_users(workspace, "abcdefgh")
    cohort = make_cohort(workspace)
    accept(cohort, adds(*before))
    apply_all()

    change = replace(staged(cohort, *sorted(file)))

    assert set(names_in(cohort)) == file
    assert len(change.added) == len(file - before)
    assert len(change.removed) == len(before - file)
    assert change.waiting == len({name for name in file - before if name[0] == "w"})
    accept(cohort, adds(*after))
    apply_all()
    assert set(names_in(cohort)) == file | after
    assert outcomes.of_cohort(cohort.pk).adds_up


numbers = itertools.count(1)


def test_a_mover_with_nothing_staged_touches_nothing(spring, users):
    staging.merge_bits(spring.workspace_id, [(users["ann"], users["bob"])])
    staging.clear_bits(spring.workspace_id, [users["ann"]])

    assert list(integrity.problems(spring.workspace_id)) == []
