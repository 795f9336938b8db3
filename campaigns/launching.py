"""Launch a campaign or Canvas: evaluate its audience, keep it, and have its steps sent."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from pyroaring import BitMap64

from campaigns import audience, doubts
from campaigns.audience import Audience
from campaigns.channels import CARRIERS
from campaigns.doubts import Doubt
from campaigns.models import Campaign, Launch, LaunchBlock, Sending, State
from common.bitmaps import BLOCK_BITS
from common.snapshots import snapshot
from segments import evaluation
from segments.algebra import reached
from segments.models import Segment
from segments.resolving import Plan, resolve
from workspaces import audit

_BLOCKS_AT_ONCE = 500


class CannotLaunch(ValueError):
    """Why not, in one sentence that says what to do."""


class Doubtful(CannotLaunch):
    """It can be launched, by somebody who has read the doubts."""

    def __init__(self, found: list[Doubt]) -> None:
        self.doubts = found
        super().__init__(" ".join(str(doubt) for doubt in found))


@dataclass(slots=True)
class Evaluated:
    """An audience at one moment: positions by cohort (see `LaunchBlock`) and block number."""

    size: int = 0
    control_size: int = 0
    blocks: dict[tuple[int, int], BitMap64] = field(default_factory=dict)
    segments: dict[str, Any] = field(default_factory=dict)
    cohorts: dict[str, Any] = field(default_factory=dict)


def launch(campaign: Campaign, *, by: audit.Actor, confirmed: bool = False) -> Launch:
    """Launch it now: what is sent from here on goes to the audience of this moment.

    Raises `InvalidTree` for an audience that can't be evaluated any more, `InvalidMessage`,
    `Doubtful` unless `confirmed`, and `CannotLaunch` when there is nothing to do or somebody
    else was quicker.
    """
    check(campaign)
    if not confirmed and (found := doubts.about(campaign)):
        raise Doubtful(found)
    evaluated = evaluate(campaign)
    if evaluated.size == evaluated.control_size:
        raise CannotLaunch(_("The audience is empty: choose other segments or filters."))
    return _keep(campaign, evaluated, by=by)


def check(campaign: Campaign) -> None:
    """Raise `CannotLaunch` or `InvalidMessage` unless it is complete and still to be launched."""
    if campaign.archived_at:
        raise CannotLaunch(_("%(name)s is archived: write another one.") % {"name": campaign.name})
    if campaign.state not in (State.DRAFT, State.SCHEDULED):
        raise CannotLaunch(_("%(name)s has been launched already.") % {"name": campaign.name})
    steps = list(campaign.steps.all())
    if not steps:
        raise CannotLaunch(_("Add a step first: there is nothing to send."))
    for step in steps:
        CARRIERS[step.channel].check(step.message)


def evaluate(campaign: Campaign) -> Evaluated:
    """Everybody whom the audience reaches now, who of them is held out, and who came from where.

    Memory is a tenth of a byte a user, and as much again for each cohort behind it. Raises
    `InvalidTree`.
    """
    wanted = audience.read(campaign.audience)
    found = Evaluated()
    with snapshot():
        tree = wanted.tree()
        plan = resolve(campaign.workspace_id, [tree])
        found.segments = _segments(campaign.workspace_id, plan)
        found.cohorts = doubts.states(campaign.workspace_id, plan)
        for block in evaluation.blocks(campaign.workspace_id, plan):
            members = reached(tree, block)
            if not members:
                continue
            held_out = _control(campaign, wanted, block.number, members)
            found.size += len(members)
            found.control_size += len(held_out)
            _put(found, LaunchBlock.AUDIENCE, block.number, members - held_out)
            _put(found, LaunchBlock.CONTROL, block.number, held_out)
            for reference, cohort in plan.cohorts.items():
                _put(found, cohort.id, block.number, members & block.cohort(reference))
    return found


@transaction.atomic
def _keep(campaign: Campaign, evaluated: Evaluated, *, by: audit.Actor) -> Launch:
    locked = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if locked.updated_at != campaign.updated_at or locked.state != campaign.state:
        raise CannotLaunch(
            _("%(name)s was changed meanwhile: look at it again.") % {"name": campaign.name}
        )
    now = timezone.now()
    made = Launch.objects.create(
        campaign=locked,
        at=now,
        by=str(by),
        audience_size=evaluated.size,
        control_size=evaluated.control_size,
        segments=evaluated.segments,
        cohorts=evaluated.cohorts,
    )
    LaunchBlock.objects.bulk_create(
        (
            LaunchBlock(launch=made, cohort_id=cohort_id, number=number, members=members)
            for (cohort_id, number), members in evaluated.blocks.items()
        ),
        batch_size=_BLOCKS_AT_ONCE,
    )
    due_at = now
    for step in locked.steps.all():
        due_at += timedelta(seconds=step.delay_seconds)
        Sending.objects.create(launch=made, step=step, due_at=due_at)
    locked.state, locked.problem, locked.updated_by = State.SENDING, "", str(by)
    locked.save()
    audit.record(
        workspace=locked.workspace,
        by=by,
        action=f"{locked.kind}.launched",
        object_type=locked.kind,
        object_id=str(locked.pk),
        details={
            "name": locked.name,
            "audience": evaluated.size,
            "held_out": evaluated.control_size,
        },
    )
    return made


def _control(campaign: Campaign, wanted: Audience, number: int, members: BitMap64) -> BitMap64:
    start = number << BLOCK_BITS
    whole = members.shift(start)
    return audience.control(campaign.pk, wanted.control_percent, whole).shift(-start)


def _put(found: Evaluated, cohort_id: int, number: int, members: BitMap64) -> None:
    if members:
        found.blocks[cohort_id, number] = members


def _segments(workspace_id: int, plan: Plan) -> dict[str, Any]:
    rows = Segment.objects.filter(
        workspace_id=workspace_id, pk__in=[reference.segment for reference in plan.segments]
    )
    return {
        str(segment.pk): {
            "name": segment.name,
            "filters": segment.filters,
            "updated_at": segment.updated_at.isoformat(),
        }
        for segment in rows
    }
