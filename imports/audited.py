"""What the audit log calls imports."""

from collections.abc import Collection

from django.urls import reverse

from imports.models import Job
from workspaces.audit_log.names import Named, numbers


def jobs(workspace_id: int, ids: Collection[str]) -> dict[str, Named]:
    keys = numbers(ids)
    found = Job.objects.filter(workspace_id=workspace_id, pk__in=keys)
    return {
        keys[job.pk]: Named(job.title, reverse("admin:imports_job_change", args=[job.pk]))
        for job in found
    }
