"""What the overview says of campaigns and Canvases: the latest, and those that are stuck."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns import doubts
from campaigns.audited import address_of
from campaigns.models import UNDER_WAY, Campaign, Sending, State
from segments.reading import InvalidTree
from workspaces.models import Workspace
from workspaces.overview import MOST, Matter, Panel, Part, Urgency

# Scheduled ones whose cohorts are looked at, the next to launch first.
LOOKED_AT = 5


def read(workspace: Workspace) -> Part:
    active = Campaign.objects.in_workspace(workspace).active()
    latest = list(active.select_related("launch").order_by("-updated_at")[:MOST])
    shown = [{"campaign": each, "path": address_of(each.kind, each.pk)} for each in latest]
    panel = Panel(
        _("Campaigns and Canvases"),
        "campaigns/overview/latest.html",
        shown,
        reverse("admin:campaigns_campaign_changelist"),
    )
    matters = [*_stuck(workspace), *_not_launched(workspace), *_doubtful(workspace)]
    return Part(matters=matters, panels=[panel])


def _stuck(workspace: Workspace) -> Iterator[Matter]:
    """Those that can't go on by themselves, and those that somebody paused."""
    campaigns = Campaign.objects.in_workspace(workspace).active().filter(state__in=UNDER_WAY)
    sendings = Sending.objects.filter(launch__campaign__in=campaigns).exclude(problem="")
    said = set()
    for sending in sendings.select_related("launch__campaign").order_by("-due_at")[:MOST]:
        campaign = sending.launch.campaign
        said.add(campaign.pk)
        yield _matter(campaign, sending.problem, Urgency.BROKEN)
    paused = campaigns.filter(state=State.PAUSED).exclude(pk__in=said)
    for campaign in paused.order_by("-updated_at")[:MOST]:
        yield _matter(campaign, _("It is paused: resume it, or stop it for good."))


def _not_launched(workspace: Workspace) -> Iterator[Matter]:
    """Those whose time came, and that were left alone then."""
    drafts = Campaign.objects.in_workspace(workspace).active().filter(state=State.DRAFT)
    for campaign in drafts.exclude(problem="").order_by("-updated_at")[:MOST]:
        yield _matter(campaign, campaign.problem, Urgency.BROKEN)


def _doubtful(workspace: Workspace) -> Iterator[Matter]:
    """Those that wouldn't be launched at their time if it were now."""
    scheduled = Campaign.objects.in_workspace(workspace).active().filter(state=State.SCHEDULED)
    for campaign in scheduled.order_by("scheduled_at")[:LOOKED_AT]:
        try:
            found = [str(doubt) for doubt in doubts.about(campaign)]
        except InvalidTree:
            found = [_("Its audience can't be counted any more: look at it again.")]
        if found:
            yield _matter(campaign, found[0])


def _matter(campaign: Campaign, words: str, urgency: Urgency = Urgency.SOON) -> Matter:
    return Matter(campaign.name, words, address_of(campaign.kind, campaign.pk), urgency)
