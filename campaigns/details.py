"""A campaign or Canvas as the API tells it: Braze's shape, with the audience and the results.

What a webhook's headers hold is told to nobody: their names are.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.db.models import F, Max
from django.db.models.functions import Coalesce

from campaigns import results
from campaigns.models import UNDER_WAY, Campaign, Channel, Kind, Launch, Sending, State, Step
from campaigns.results import Results
from cohorts.models import Cohort
from common.times import stamp
from segments.models import Segment
from workspaces.models import Workspace

Told = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Read:
    """All that was read of one: its steps in order, and by step what became of it."""

    campaign: Campaign
    launch: Launch | None
    steps: list[Step]
    sendings: Mapping[int, Sending]
    results: Mapping[int, Told]


def summary(campaign: Campaign) -> Told:
    """A line of a list."""
    line = {
        "id": str(campaign.pk),
        "last_edited": stamp(campaign.updated_at),
        "name": campaign.name,
        "tags": campaign.tags,
    }
    return line if campaign.kind == Kind.CANVAS else {**line, "is_api_campaign": False}


def of(workspace: Workspace, kind: Kind, key: UUID) -> Told | None:
    """None for what isn't there. There are as many queries however much there is to tell."""
    read = _read(workspace, kind, key)
    if read is None:
        return None
    return _of_canvas(read) if kind == Kind.CANVAS else _of_campaign(read)


def _of_campaign(read: _Read) -> Told:
    sent = [one for one in read.sendings.values() if one.started_at]
    return {
        **_common(read),
        "first_sent": stamp(min((one.started_at for one in sent if one.started_at), default=None)),
        "last_sent": stamp(max((_last_sent(one) for one in sent), default=None)),
        "messages": {str(step.pk): _message(step) for step in read.steps},
        "audience": _audience(read),
        "results": next(iter(read.results.values()), None),
        "conversion_behaviors": [],
    }


def _of_canvas(read: _Read) -> Told:
    """Everybody enters at the launch, on the one path that there is."""
    entered = stamp(read.launch.at) if read.launch else None
    first = [str(step.pk) for step in read.steps[:1]]
    variant = {
        "name": read.campaign.name,
        "id": str(read.campaign.pk),
        "first_step_ids": first,
        "first_step_id": first[0] if first else None,
    }
    following = [str(step.pk) for step in read.steps[1:]]
    return {
        **_common(read),
        "first_entry": entered,
        "last_entry": entered,
        "variants": [variant],
        "steps": [
            _step(read, step, following[place : place + 1]) for place, step in enumerate(read.steps)
        ],
        "audience": _audience(read),
    }


def _read(workspace: Workspace, kind: Kind, key: UUID) -> _Read | None:
    found = Campaign.objects.in_workspace(workspace).filter(pk=key, kind=kind)
    campaign = found.select_related("launch").first()
    if campaign is None:
        return None
    launch = getattr(campaign, "launch", None)
    steps = list(campaign.steps.all())
    if launch is None:
        return _Read(campaign, None, steps, {}, {})
    served = Coalesce(Max("batches__finished_at"), F("started_at"))
    rows = list(launch.sendings.annotate(served_at=served).order_by("step__position"))
    counted = results.of_sendings(rows)
    parts = results.by_cohort(launch, rows)
    return _Read(
        campaign,
        launch,
        steps,
        {row.step_id: row for row in rows},
        {row.step_id: _results(launch, counted[row.pk], parts[row.pk]) for row in rows},
    )


def _results(launch: Launch, whole: Results, parts: Mapping[str, Results]) -> Told:
    """Of everyone, and of each cohort that fed the audience, those with most users first."""
    ranked = sorted(parts.items(), key=lambda part: -part[1].recipients)
    return {**asdict(whole), "cohorts": [_part(launch.cohorts[key], part) for key, part in ranked]}


def _part(cohort: Mapping[str, Any], part: Results) -> Told:
    numbers = asdict(part)
    del numbers["reasons"]  # not read by cohort
    return {key: cohort[key] for key in ("name", "partner", "cohort_id")} | numbers


def _last_sent(sending: Sending) -> Any:
    return sending.served_at  # type: ignore[attr-defined]  # annotated


def _common(read: _Read) -> Told:
    campaign = read.campaign
    return {
        "created_at": stamp(campaign.created_at),
        "updated_at": stamp(campaign.updated_at),
        "archived": campaign.archived_at is not None,
        "draft": campaign.state == State.DRAFT,
        "enabled": campaign.state in UNDER_WAY and campaign.archived_at is None,
        "has_post_launch_draft": False,
        "state": campaign.state,
        "name": campaign.name,
        "description": campaign.description,
        "schedule_type": "time_based",
        "scheduled_at": stamp(campaign.scheduled_at),
        "channels": list(Counter(step.channel for step in read.steps)),
        "tags": campaign.tags,
        "teams": [],
    }


def _step(read: _Read, step: Step, following: list[str]) -> Told:
    return {
        "name": str(step),
        "type": "message",
        "id": str(step.pk),
        "next_step_ids": following,
        "next_paths": [{"name": "Default", "next_step_id": key} for key in following],
        "delay_seconds": step.delay_seconds,
        "channels": [step.channel],
        "messages": {str(step.pk): _message(step)},
        "results": read.results.get(step.pk),
    }


def _message(step: Step) -> Told:
    said = step.message
    if step.channel == Channel.WEBHOOK:
        return {
            "channel": step.channel,
            "url": said.get("url", ""),
            "request_method": "POST",
            "headers": list(said.get("headers", {})),
            "properties": said.get("properties", {}),
        }
    return {
        "channel": step.channel,
        "subject": said.get("subject", ""),
        "body": said.get("html", ""),
        "text": said.get("text", ""),
        "from_name": said.get("from_name", ""),
        "reply_to": said.get("reply_to", ""),
        "track_opens": said.get("track_opens", True),
        "track_clicks": said.get("track_clicks", True),
    }


def _audience(read: _Read) -> Told:
    """Of a draft as it is now; of what was launched as it was then."""
    wanted, launch = read.campaign.audience, read.launch
    names = _named_now(read.campaign) if launch is None else _named_then(launch)
    return {
        "segments": [{"id": key, "name": names.get(key)} for key in wanted["segments"]],
        "filters": wanted["filters"],
        "control_percent": wanted["control_percent"],
        "cohorts": _cohorts_now(read.campaign) if launch is None else list(launch.cohorts.values()),
        "launched_at": stamp(launch.at) if launch else None,
        "size": launch.audience_size if launch else None,
        "control_size": launch.control_size if launch else None,
    }


def _named_then(launch: Launch) -> dict[str, str]:
    return {key: segment["name"] for key, segment in launch.segments.items()}


def _named_now(draft: Campaign) -> dict[str, str]:
    segments = Segment.objects.filter(
        workspace_id=draft.workspace_id, pk__in=draft.audience["segments"]
    )
    return {str(key): name for key, name in segments.values_list("pk", "name")}


def _cohorts_now(draft: Campaign) -> list[Told]:
    """Those behind it when its audience was saved, and how large they were."""
    cohorts = Cohort.objects.filter(workspace_id=draft.workspace_id, pk__in=draft.cohort_sizes)
    return [
        {
            "name": cohort.display_name,
            "partner": cohort.partner.slug,
            "cohort_id": cohort.external_id,
            "size": draft.cohort_sizes[str(cohort.pk)],
            "last_applied_at": stamp(cohort.cursor.last_applied_at),
        }
        for cohort in cohorts.select_related("partner", "cursor").order_by("pk")
    ]
