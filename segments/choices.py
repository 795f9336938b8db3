"""What a row of the builder can be about, and what can be picked there."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, Max, Q, QuerySet
from django.utils.translation import gettext as _

from cohorts.models import Cohort
from cohorts.search import search
from cohorts.sizes import sizes
from partners.models import Partner
from segments.models import Segment
from segments.wording import partner_cohorts
from workspaces.models import Workspace

# Picks that a row offers beside those made already; searching finds the others.
OFFERED = 30


@dataclass(frozen=True, slots=True)
class What:
    value: str
    label: str
    # Whether several values can be picked, any of which will do.
    several: bool = True


@dataclass(frozen=True, slots=True)
class Pick:
    value: str
    name: str
    size: int | None = None
    id: str = ""
    export_file_name: str = ""
    received_at: datetime | None = None


def whats(workspace: Workspace, *, besides: Segment | None = None) -> list[What]:
    """A filter for each partner that has cohorts here, the one last heard of first.

    After them one on other segments, if there are any.
    """
    partners = (
        Partner.objects.filter(cohorts__workspace=workspace)
        .annotate(heard_at=Max("cohorts__head__last_received_at"))
        .order_by(F("heard_at").desc(nulls_last=True), "name")
    )
    found = [What(f"cohort/{one.slug}", partner_cohorts(one.name)) for one in partners]
    if _segments(workspace, besides).exists():
        found.append(What("segment", _("Segment membership"), several=False))
    return found


def picks(
    workspace: Workspace,
    what: str,
    text: str = "",
    *,
    chosen: Collection[str] = (),
    besides: Segment | None = None,
) -> list[Pick]:
    """Those chosen first, then what the text finds, most recent first."""
    # NUL, which nothing here contains, is nothing that PostgreSQL can be asked for.
    kind, _slash, partner = what.replace("\0", "").partition("/")
    if kind == "cohort":
        return _cohort_picks(workspace, partner, text, chosen)
    return _segment_picks(workspace, text, chosen, besides) if kind == "segment" else []


def _cohort_picks(
    workspace: Workspace, partner: str, text: str, chosen: Collection[str]
) -> list[Pick]:
    all_here = Cohort.objects.filter(workspace=workspace, partner__slug=partner)
    here = all_here.select_related("head").order_by(
        F("head__last_received_at").desc(nulls_last=True), "-pk"
    )
    kept = list(here.filter(external_id__in=[value for value in chosen if "\0" not in value]))
    offered = search(here.filter(archived_at=None), text)
    found = kept + [one for one in offered[: OFFERED + len(kept)] if one not in kept]
    found = found[: OFFERED + len(kept)]
    counted = sizes(workspace.pk, [cohort.pk for cohort in found])
    return [
        Pick(
            cohort.external_id,
            cohort.display_name,
            counted[cohort.pk].matched,
            cohort.external_id,
            cohort.export_file_name,
            cohort.head.last_received_at if hasattr(cohort, "head") else None,
        )
        for cohort in found
    ]


def _segment_picks(
    workspace: Workspace, text: str, chosen: Collection[str], besides: Segment | None
) -> list[Pick]:
    here = _segments(workspace, besides)
    kept = Q(pk__in=[value for value in map(_uuid, chosen) if value])
    found = list(Segment.objects.in_workspace(workspace).filter(kept))
    offered = here.filter(name__icontains=text.replace("\0", "")).exclude(kept)
    found += offered.order_by("-updated_at")[:OFFERED]
    return [Pick(str(segment.pk), segment.name) for segment in found]


def _segments(workspace: Workspace, besides: Segment | None) -> QuerySet[Segment]:
    here = Segment.objects.in_workspace(workspace).active()
    return here.exclude(pk=besides.pk) if besides else here


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
