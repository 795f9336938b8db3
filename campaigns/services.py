"""Every change to a campaign or Canvas, with who made it noted in the same transaction."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns import cutting, doubts
from campaigns.audience import Audience
from campaigns.models import (
    Campaign,
    Channel,
    Fate,
    Kind,
    Outcome,
    Sending,
    SendingState,
    State,
    Step,
)
from common.advisory import Namespace, hold
from segments.resolving import resolve
from workspaces import audit
from workspaces.models import Workspace

# Who may be sent a message again when a person asks for it.
RESENDABLE = (Fate.FAILED, Fate.UNKNOWN)


class InvalidCampaign(ValueError):
    """Why a change can't be made, in one sentence."""


@transaction.atomic
def create(
    workspace: Workspace,
    *,
    kind: Kind,
    name: str,
    description: str = "",
    tags: Iterable[str] = (),
    channel: Channel = Channel.EMAIL,
    by: audit.Actor,
) -> Campaign:
    """A draft with one step that says nothing yet. Raises `InvalidCampaign`."""
    campaign = Campaign(workspace=workspace, kind=kind)
    _describe(campaign, name=name, description=description, tags=tags)
    _save(campaign, by=by)
    Step.objects.create(campaign=campaign, position=0, channel=channel)
    _note(campaign, "created", by=by)
    return campaign


@transaction.atomic
def describe(
    campaign: Campaign, *, name: str, description: str, tags: Iterable[str], by: audit.Actor
) -> None:
    """Raises `InvalidCampaign`."""
    locked = _locked(campaign)
    _describe(locked, name=name, description=description, tags=tags)
    _save(locked, by=by)
    _note(locked, "changed", by=by, details={"what": "basics"})


@transaction.atomic
def target(campaign: Campaign, audience: Audience, *, by: audit.Actor) -> None:
    """Whom the draft is for. Raises `InvalidTree` for what isn't the workspace's.

    How large the cohorts behind it are by now is kept, to be compared with at launch.
    """
    hold(Namespace.SEGMENTS, campaign.workspace_id)  # none is archived between look and save
    locked = _draft(campaign)
    resolve(locked.workspace_id, [audience.tree()])
    locked.audience = audience.to_json()
    locked.cohort_sizes = doubts.cohort_sizes(locked)
    _save(locked, by=by)
    _note(locked, "changed", by=by, details={"what": "audience", "audience": locked.audience})


@contextmanager
def drafting(campaign: Campaign, what: str, *, by: audit.Actor) -> Iterator[Campaign]:
    """The draft, locked, for a change that is noted at the end of the block.

    Inside a transaction. Raises `InvalidCampaign` when it isn't a draft any more.
    """
    locked = _draft(campaign)
    yield locked
    _save(locked, by=by)
    _note(locked, "changed", by=by, details={"what": what})


@transaction.atomic
def schedule(campaign: Campaign, at: datetime, *, by: audit.Actor) -> None:
    """Have a complete draft launched at that time. Raises `InvalidCampaign`."""
    locked = _draft(campaign)
    if at <= timezone.now():
        raise InvalidCampaign(_("That time is past: choose a later one, or launch it now."))
    locked.state, locked.scheduled_at, locked.problem = State.SCHEDULED, at, ""
    _save(locked, by=by)
    _note(locked, "scheduled", by=by, details={"at": at.isoformat()})


@transaction.atomic
def unschedule(campaign: Campaign, *, by: audit.Actor) -> None:
    """It is a draft again, as long as it wasn't launched."""
    locked = _locked(campaign)
    if locked.state != State.SCHEDULED:
        raise InvalidCampaign(_("%(name)s isn't scheduled any more.") % {"name": locked.name})
    locked.state, locked.scheduled_at = State.DRAFT, None
    _save(locked, by=by)
    _note(locked, "unscheduled", by=by)


def pause(campaign: Campaign, *, by: audit.Actor) -> None:
    """No message goes out from now on, but for one that each worker may be at."""
    _move(campaign, (State.SENDING,), State.PAUSED, "paused", by=by)


def resume(campaign: Campaign, *, by: audit.Actor) -> None:
    _move(campaign, (State.PAUSED,), State.SENDING, "resumed", by=by)


def stop(campaign: Campaign, *, by: audit.Actor) -> None:
    """As `pause`, for good."""
    _move(campaign, (State.SENDING, State.PAUSED), State.STOPPED, "stopped", by=by)


@transaction.atomic
def resend(sending: Sending, fates: Iterable[Fate], *, by: audit.Actor) -> int:
    """Send again to whom it failed, or of whom nobody knows; returns to how many.

    Raises `InvalidCampaign` while it is still being sent or after it was stopped.
    """
    wanted = [fate for fate in fates if fate in RESENDABLE]
    campaign = _locked(sending.launch.campaign)
    locked = (
        Sending.objects.select_for_update(of=["self"]).select_related("step").get(pk=sending.pk)
    )
    if locked.state != SendingState.SENT:
        raise InvalidCampaign(_("Wait until everybody else has had their turn, or resume it."))
    outcomes = Outcome.objects.filter(batch__sending=locked, fate__in=wanted, resent_at=None)
    count = cutting.repeat(locked, outcomes)
    if not count:
        return 0
    outcomes.update(resent_at=timezone.now())
    locked.state, locked.finished_at = SendingState.SENDING, None
    locked.save(update_fields=["state", "finished_at"])
    if campaign.state == State.SENT:
        campaign.state = State.SENDING
    _save(campaign, by=by)
    _note(campaign, "resent", by=by, details={"to": count, "fates": wanted})
    return count


@transaction.atomic
def archive(campaign: Campaign, *, by: audit.Actor) -> None:
    """Raises `InvalidCampaign` while it may still send something."""
    locked = _locked(campaign)
    if locked.state == State.SCHEDULED:
        raise InvalidCampaign(
            _("Take %(name)s back to draft first: it would still be launched.")
            % {"name": locked.name}
        )
    if locked.state not in (State.DRAFT, State.SENT, State.STOPPED):
        raise InvalidCampaign(_("Stop %(name)s first: it still sends.") % {"name": locked.name})
    if locked.archived_at is None:
        locked.archived_at = timezone.now()
        _save(locked, by=by)
        _note(locked, "archived", by=by)


@transaction.atomic
def _move(
    campaign: Campaign, before: Collection[str], after: State, done: str, *, by: audit.Actor
) -> None:
    """The campaign and its sendings change their state together. Raises `InvalidCampaign`."""
    locked = _locked(campaign)
    if locked.state not in before:
        raise InvalidCampaign(
            _("%(name)s has another state by now: %(state)s.")
            % {"name": locked.name, "state": locked.get_state_display()}
        )
    locked.state = after
    _save(locked, by=by)
    sendings = Sending.objects.filter(launch__campaign=locked)
    if after == State.SENDING:
        paused = sendings.filter(state=SendingState.PAUSED)
        paused.filter(started_at=None).update(state=SendingState.WAITING)
        paused.update(state=SendingState.SENDING, retry_at=None, failures=0, problem="")
    else:
        under_way = (SendingState.WAITING, SendingState.SENDING, SendingState.PAUSED)
        sendings.filter(state__in=under_way).update(state=after.value)
    _note(locked, done, by=by)


def note_test(campaign: Campaign, *, by: audit.Actor) -> None:
    """That somebody had its message mailed to themselves."""
    _note(campaign, "tested", by=by)


def _describe(campaign: Campaign, *, name: str, description: str, tags: Iterable[str]) -> None:
    campaign.name = name.strip()
    if not campaign.name:
        raise InvalidCampaign(_("Give it a name."))
    campaign.description, campaign.tags = description, list(dict.fromkeys(tags))


def _locked(campaign: Campaign) -> Campaign:
    return Campaign.objects.select_for_update().get(pk=campaign.pk)


def _draft(campaign: Campaign) -> Campaign:
    locked = _locked(campaign)
    if locked.state != State.DRAFT:
        raise InvalidCampaign(
            _("%(name)s isn't a draft any more, so it can't be changed.") % {"name": locked.name}
        )
    return locked


def _save(campaign: Campaign, *, by: audit.Actor) -> None:
    campaign.updated_by = str(by)
    try:
        with transaction.atomic():
            campaign.save()
    except IntegrityError as error:
        raise InvalidCampaign(
            _("%(name)s is the name of another one: choose another name.") % {"name": campaign.name}
        ) from error


def _note(
    campaign: Campaign, done: str, *, by: audit.Actor, details: dict[str, Any] | None = None
) -> None:
    audit.record(
        workspace=campaign.workspace,
        by=by,
        action=f"{campaign.kind}.{done}",
        object_type=campaign.kind,
        object_id=str(campaign.pk),
        details={"name": campaign.name, **(details or {})},
    )
