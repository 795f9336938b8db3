"""Which campaigns and Canvases a segment or a cohort is in, for their pages and for archiving."""

from collections.abc import Iterable, Mapping

from django.db.models import Q

from campaigns.audited import page_of
from campaigns.models import UNDER_WAY, Campaign, CampaignQuerySet, State
from segments.models import Segment
from segments.usage import Use

# A draft counts: archiving what it rests on would leave it unable to launch.
_COUNTED = (State.DRAFT, *UNDER_WAY)


def of_segment(segment: Segment) -> Iterable[Use]:
    """Those that name the segment, as target or in an additional filter."""
    found = Campaign.objects.filter(workspace_id=segment.workspace_id)
    part = {"kind": "segment", "segment": str(segment.pk)}
    return _uses(found.filter(Q(audience__segments__contains=[str(segment.pk)]) | _naming(part)))


def of_cohort(workspace_id: int, partner: str, external_id: str) -> Iterable[Use]:
    """Those with an additional filter on the cohort, by its partner's slug and id."""
    found = Campaign.objects.filter(workspace_id=workspace_id)
    return _uses(
        found.filter(_naming({"kind": "cohort", "partner": partner, "cohorts": [external_id]}))
    )


def _naming(part: Mapping[str, object]) -> Q:
    group = [{"filters": [part]}]
    return Q(audience__contains={"filters": {"groups": group}}) | Q(
        audience__contains={"filters": {"exclusions": group}}
    )


def _uses(found: "CampaignQuerySet") -> Iterable[Use]:
    for campaign in found.active().filter(state__in=_COUNTED).order_by("name"):
        yield Use(campaign.get_kind_display(), campaign.name, page_of(campaign))
