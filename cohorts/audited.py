"""What the audit log calls cohorts."""

from collections.abc import Collection

from django.urls import reverse

from cohorts.models import Cohort
from workspaces.audit_log.names import Named


def cohorts(workspace_id: int, ids: Collection[str]) -> dict[str, Named]:
    """Entries name a cohort by its partner's id; one that two partners use stays as it is."""
    found = Cohort.objects.filter(workspace_id=workspace_id, external_id__in=ids)
    named: dict[str, list[Cohort]] = {}
    for cohort in found:
        named.setdefault(cohort.external_id, []).append(cohort)
    return {
        external_id: Named(
            same[0].display_name, reverse("admin:cohorts_cohort_change", args=[same[0].pk])
        )
        for external_id, same in named.items()
        if len(same) == 1
    }
