"""What the overview says of cohorts: how many, which moved last, and which are parked."""

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cohorts.models import Cohort
from cohorts.sizes import sizes
from workspaces.models import Workspace
from workspaces.overview import MOST, Figure, Matter, Panel, Part, Urgency

RECENTLY = timedelta(days=7)


def read(workspace: Workspace) -> Part:
    active = Cohort.objects.filter(workspace=workspace, archived_at=None)
    path = reverse("admin:cohorts_cohort_changelist")
    moved = active.filter(head__last_received_at__gte=timezone.now() - RECENTLY).count()
    trend = ngettext("%(n)s updated in a week", "%(n)s updated in a week", moved) % {"n": moved}
    latest = list(
        active.filter(head__last_received_at__isnull=False)
        .select_related("partner", "head")
        .order_by("-head__last_received_at")[:MOST]
    )
    counted = sizes(workspace.pk, [cohort.pk for cohort in latest])
    shown = [{"cohort": cohort, "size": counted[cohort.pk]} for cohort in latest]
    parked = active.filter(cursor__parked_at__isnull=False).order_by("cursor__parked_at")[:MOST]
    return Part(
        figures=[Figure(_("Cohorts"), active.count(), path, "groups", trend)],
        matters=[_parked(cohort) for cohort in parked],
        panels=[Panel(_("Cohorts updated last"), "cohorts/overview/latest.html", shown, path)],
    )


def _parked(cohort: Cohort) -> Matter:
    return Matter(
        cohort.display_name,
        _("An upload keeps failing, and later ones wait behind it: retry or skip it."),
        reverse("admin:cohorts_cohort_change", args=[cohort.pk]),
        Urgency.BROKEN,
    )
