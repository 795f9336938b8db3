"""A partner's cohorts and uploads, for the partner's own pages."""

from collections.abc import Mapping

from django.db.models import Count, F
from django.urls import reverse

from cohorts.models import Cohort
from cohorts.sizes import sizes
from cohorts.uploads import find
from cohorts.uploads import latest as uploads
from common.snapshots import snapshot
from partners.deliveries import Deliveries, Delivery

__all__ = ["counts", "find", "read", "uploads"]

SHOWN = 10


def counts(workspace_id: int) -> Mapping[int, int]:
    found = Cohort.objects.filter(workspace_id=workspace_id).values("partner_id")
    return {row["partner_id"]: row["cohorts"] for row in found.annotate(cohorts=Count("pk"))}


def read(workspace_id: int, partner_id: int) -> Deliveries:
    with snapshot():
        kept = Cohort.objects.filter(workspace_id=workspace_id, partner_id=partner_id)
        recent = kept.select_related("head").order_by(
            F("head__last_received_at").desc(nulls_last=True), "-pk"
        )
        latest = list(recent[:SHOWN])
        counted = sizes(workspace_id, [cohort.pk for cohort in latest])
        return Deliveries(
            count=kept.count(),
            latest=[
                Delivery(
                    name=cohort.display_name,
                    external_id=cohort.external_id,
                    path=reverse("admin:cohorts_cohort_change", args=[cohort.pk]),
                    matched=counted[cohort.pk].matched,
                    waiting=counted[cohort.pk].waiting,
                    received_at=cohort.head.last_received_at,
                )
                for cohort in latest
            ],
            path=f"{reverse('admin:cohorts_cohort_changelist')}?partner__id__exact={partner_id}",
            is_any_named=kept.exclude(name="").exists(),
        )
