"""Campaigns and Canvases, what was launched of them, and what became of everyone.

A campaign sends one message; a Canvas sends several, one after another, to whoever entered.
Both are a `Campaign` with `Step`s. Launching one makes a `Launch`, the snapshot of its
audience, and a `Sending` for each step, which goes out in `Batch`es.
"""

import uuid
from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.audience import to_everyone
from common.fields import BitmapField
from workspaces.models import Workspace


class Kind(models.TextChoices):
    CAMPAIGN = "campaign", _("Campaign")
    CANVAS = "canvas", _("Canvas")


class State(models.TextChoices):
    DRAFT = "draft", _("Draft")
    SCHEDULED = "scheduled", pgettext_lazy("state of a campaign", "Scheduled")
    SENDING = "sending", _("Sending")
    PAUSED = "paused", _("Paused")
    STOPPED = "stopped", pgettext_lazy("state of a campaign", "Stopped")
    SENT = "sent", pgettext_lazy("state of a campaign", "Sent")


# What may still send something, so that nothing that it rests on may be archived.
UNDER_WAY = (State.SCHEDULED, State.SENDING, State.PAUSED)


class Channel(models.TextChoices):
    EMAIL = "email", _("Email")
    WEBHOOK = "webhook", _("Webhook")


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(workspace=workspace)

    def active(self) -> Self:
        return self.filter(archived_at=None)

    def due(self) -> Self:
        """Those whose time to launch has come."""
        return self.filter(state=State.SCHEDULED, scheduled_at__lte=Now())


class Campaign(models.Model):
    """A campaign or a Canvas: who is to get what, and when."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="campaigns")
    kind = models.CharField(_("kind"), max_length=16, choices=Kind, default=Kind.CAMPAIGN)
    name = models.CharField(_("name"), max_length=255)
    description = models.TextField(_("description"), blank=True)
    tags = ArrayField(
        models.CharField(max_length=64), verbose_name=_("tags"), default=list, blank=True
    )
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.DRAFT)
    # The JSON of `campaigns.audience`.
    audience = models.JSONField(_("audience"), default=to_everyone)
    # Members of each cohort behind the audience when the draft was saved, by the cohort's id.
    cohort_sizes = models.JSONField(default=dict)
    scheduled_at = models.DateTimeField(_("scheduled for"), null=True, blank=True)
    # Why it didn't launch at its time, for people.
    problem = models.TextField(_("problem"), blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    updated_at = models.DateTimeField(_("last edited"), auto_now=True)
    updated_by = models.CharField(_("last edited by"), max_length=255, blank=True, editable=False)
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "kind", "name"],
                condition=models.Q(archived_at=None),
                name="campaigns_campaign_one_per_name",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=State.SCHEDULED) | models.Q(scheduled_at__isnull=False),
                name="campaigns_campaign_scheduled_for_a_time",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["scheduled_at"],
                condition=models.Q(state=State.SCHEDULED),
                name="campaigns_campaign_due",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CanvasManager(models.Manager[Campaign]):
    def get_queryset(self) -> models.QuerySet[Campaign]:
        return super().get_queryset().filter(kind=Kind.CANVAS)


class Canvas(Campaign):
    """A campaign of several steps, under the name that people know."""

    objects = CanvasManager()  # type: ignore[assignment,misc]  # a proxy narrows its rows

    class Meta:
        proxy = True
        verbose_name = _("Canvas")
        verbose_name_plural = _("Canvases")


class Step(models.Model):
    """One message, so long after the step before it or, of the first, after the launch."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(_("name"), max_length=255, blank=True)
    delay_seconds = models.PositiveIntegerField(_("delay"), default=0)
    channel = models.CharField(_("channel"), max_length=16, choices=Channel, default=Channel.EMAIL)
    # What the channel sends: see `campaigns.channels`.
    message = models.JSONField(_("message"), default=dict)

    class Meta:
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["campaign", "position"],
                name="campaigns_step_one_per_position",
                deferrable=models.Deferrable.DEFERRED,
            )
        ]

    def __str__(self) -> str:
        return self.name or f"{self.position + 1}"


class Launch(models.Model):
    """What was launched: the audience of that moment, and what it rested on."""

    campaign = models.OneToOneField(Campaign, models.CASCADE, related_name="launch")
    at = models.DateTimeField(_("launched"), db_default=Now())
    by = models.CharField(_("launched by"), max_length=255)
    audience_size = models.PositiveBigIntegerField(default=0)
    # Of those, held out on request, who get nothing.
    control_size = models.PositiveBigIntegerField(default=0)
    # Filter trees by segment id, as they were: {"name", "filters", "updated_at"}.
    segments = models.JSONField(default=dict)
    # By cohort id: {"name", "partner", "size", "last_applied_at"}, and who fed the audience.
    cohorts = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.campaign} {self.at}"


class LaunchBlock(models.Model):
    """Positions of a launch's audience in one block of profile ids.

    `cohort_id` 0 is the whole audience without its control group, `CONTROL` that group; any
    other the part of the audience that was in that cohort.
    """

    AUDIENCE: ClassVar = 0
    CONTROL: ClassVar = -1

    pk = models.CompositePrimaryKey("launch_id", "cohort_id", "number")
    launch = models.ForeignKey(Launch, models.CASCADE, related_name="blocks", db_index=False)
    cohort_id = models.BigIntegerField()
    number = models.BigIntegerField()
    members = BitmapField()

    def __str__(self) -> str:
        return f"launch block {self.number}"


class SendingState(models.TextChoices):
    WAITING = "waiting", _("Waiting for its time")
    SENDING = "sending", _("Sending")
    PAUSED = "paused", _("Paused")
    STOPPED = "stopped", pgettext_lazy("state of a campaign", "Stopped")
    SENT = "sent", pgettext_lazy("state of a campaign", "Sent")


class Sending(models.Model):
    """One step's message on its way to everyone who entered."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    launch = models.ForeignKey(Launch, models.CASCADE, related_name="sendings")
    step = models.ForeignKey(Step, models.CASCADE, related_name="sendings")
    state = models.CharField(
        _("state"), max_length=16, choices=SendingState, default=SendingState.WAITING
    )
    due_at = models.DateTimeField(_("due"))
    # Batches are there: the audience has been cut up.
    started_at = models.DateTimeField(_("started"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    # What keeps it from going on, for people, and when it is tried again.
    problem = models.TextField(_("problem"), blank=True)
    retry_at = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(state__in=[SendingState.WAITING, SendingState.SENDING]),
                name="campaigns_sending_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.step}"


class Batch(models.Model):
    """Some hundred recipients of a sending, in the order in which they are served.

    What is on record is written *before* it is done: `begun` counts recipients whose message
    may be on its way, `settled` those whose fate is known. So of a worker that was killed,
    at most one recipient is left in between (see `campaigns.progress`).
    """

    sending = models.ForeignKey(Sending, models.CASCADE, related_name="batches")
    number = models.PositiveIntegerField()
    profile_ids = ArrayField(models.BigIntegerField())
    # The number of the batch that is sent once more by it, to those whom it named.
    repeats = models.PositiveIntegerField(null=True)
    begun = models.PositiveIntegerField(default=0)
    settled = models.PositiveIntegerField(default=0)
    # A webhook's: tries so far, when the next may be, and what came of the last one.
    attempts = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True, default="", db_default="")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["sending", "number"], name="campaigns_batch_one_per_number"
            ),
            models.CheckConstraint(
                condition=models.Q(settled__lte=models.F("begun")),
                name="campaigns_batch_settled_was_begun",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["sending", "number"],
                condition=models.Q(finished_at=None),
                name="campaigns_batch_unfinished",
            )
        ]

    def __str__(self) -> str:
        return f"{self.sending_id}:{self.number}"

    @property
    def origin(self) -> int:
        """The number under which these recipients were first sent something together."""
        return self.number if self.repeats is None else self.repeats


class Fate(models.TextChoices):
    """What became of a recipient who wasn't simply sent the message."""

    LEFT_OUT = "left_out", _("Left out")
    FAILED = "failed", _("Failed")
    UNKNOWN = "unknown", pgettext_lazy("result of a message", "Unknown")


class Outcome(models.Model):
    """Somebody in a batch who wasn't sent the message, and why. Whoever has none was sent it."""

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="outcomes")
    profile_id = models.BigIntegerField()
    fate = models.CharField(_("result"), max_length=16, choices=Fate)
    # A code of `campaigns.reasons`, and what the other side said.
    reason = models.CharField(_("reason"), max_length=32)
    detail = models.TextField(_("detail"), blank=True)
    at = models.DateTimeField(_("when"), db_default=Now())
    # Somebody had it sent again: a later batch has them, and counts them.
    resent_at = models.DateTimeField(_("sent again"), null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["batch", "profile_id"], name="campaigns_outcome_one_per_recipient"
            )
        ]

    def __str__(self) -> str:
        return f"{self.fate}: {self.reason}"


class Deed(models.IntegerChoices):
    OPENED = 1, _("opened")
    CLICKED = 2, _("clicked")
    UNSUBSCRIBED = 3, _("unsubscribed")


class Engagement(models.Model):
    """What a recipient did with a message: first, last and how often, by link."""

    pk = models.CompositePrimaryKey("sending_id", "profile_id", "deed", "link")
    sending = models.ForeignKey(Sending, models.CASCADE, related_name="engagements", db_index=False)
    profile_id = models.BigIntegerField()
    deed = models.PositiveSmallIntegerField(choices=Deed)
    # Which link of the message was clicked; 0 for the other deeds.
    link = models.PositiveSmallIntegerField(default=0)
    count = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField(db_default=Now())
    last_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return str(Deed(self.deed).label)
