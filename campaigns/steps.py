"""Changes to the steps of a draft: what is sent, by which channel, and when."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns import services
from campaigns.channels import CARRIERS
from campaigns.models import Campaign, Channel, Kind, Step
from campaigns.services import InvalidCampaign
from workspaces import audit

MOST_STEPS = 50
LONGEST_DELAY_SECONDS = 366 * 24 * 3600


@transaction.atomic
def add(campaign: Campaign, channel: Channel, *, by: audit.Actor) -> Step:
    """One more step at the end, that says nothing yet. Raises `InvalidCampaign`."""
    with services.drafting(campaign, "message", by=by) as draft:
        number = draft.steps.count()
        if number and draft.kind == Kind.CAMPAIGN:
            raise InvalidCampaign(_("A campaign sends one message: make a Canvas of several."))
        if number >= MOST_STEPS:
            raise InvalidCampaign(_("A Canvas has at most %(most)s steps.") % {"most": MOST_STEPS})
        return Step.objects.create(campaign=draft, position=number, channel=channel)


@transaction.atomic
def change(
    step: Step, *, name: str, delay_seconds: int, message: dict[str, Any], by: audit.Actor
) -> None:
    """Raises `InvalidMessage` and `InvalidCampaign`; then nothing is changed."""
    with services.drafting(step.campaign, "message", by=by):
        if not 0 <= delay_seconds <= LONGEST_DELAY_SECONDS:
            raise InvalidCampaign(_("A step waits for a year at most."))
        step.name, step.delay_seconds = name, delay_seconds
        step.message = CARRIERS[step.channel].check(message)
        step.save()


@transaction.atomic
def remove(step: Step, *, by: audit.Actor) -> None:
    """Those after it move up. Raises `InvalidCampaign`."""
    with services.drafting(step.campaign, "message", by=by) as draft:
        if draft.steps.count() == 1:
            raise InvalidCampaign(_("Keep one step: change it instead."))
        step.delete()
        for position, each in enumerate(draft.steps.order_by("position")):
            Step.objects.filter(pk=each.pk).update(position=position)


@transaction.atomic
def move_up(step: Step, *, by: audit.Actor) -> None:
    """It changes places with the step before it."""
    with services.drafting(step.campaign, "message", by=by) as draft:
        before = draft.steps.filter(position=step.position - 1).first()
        if before is not None:
            Step.objects.filter(pk=before.pk).update(position=step.position)
            Step.objects.filter(pk=step.pk).update(position=before.position)
