"""Imports in the states in which tests need them."""

from imports import jobs, kinds, runner
from imports.models import Job

BY = "tests"


def make_job(workspace, content=b"external_id\nana\n", *, title="users.csv", by=BY):
    """Users that wait to be imported."""
    return jobs.begin(workspace, kinds.find("users"), title=title, chunks=[content], by=by)


def work_off(workspace):
    """Run all that is due, as a worker does, ring after ring."""
    while runner.run(workspace.pk, seconds=60):
        pass


def fresh(job):
    return Job.objects.get(pk=job.pk)
