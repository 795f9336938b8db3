"""Work that goes on by itself in the background, and the files that it reads and leaves."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from workspaces.models import Workspace


class JobState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    CANCELLED = "cancelled", _("cancelled")
    FAILED = "failed", _("failed")


UNFINISHED = (JobState.WAITING, JobState.RUNNING)


class JobQuerySet(models.QuerySet["Job"]):
    def in_workspace(self, workspace: Workspace | int | None) -> JobQuerySet:
        return self.filter(workspace=workspace)

    def unfinished(self) -> JobQuerySet:
        """In the order in which they run."""
        return self.filter(state__in=UNFINISHED).order_by("pk")


class Job(models.Model):
    """One file's way through the background, from its upload to its report.

    `batches` counts the transactions that it has committed, and is what they compare:
    the effects of a batch, `checkpoint` and all counts change in one transaction, so that
    nothing is stored twice or left out, whoever runs it and however often it is killed.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="jobs")
    # What it does: a name that `imports.kinds` resolves.
    kind = models.CharField(_("kind"), max_length=32, editable=False)
    title = models.CharField(_("file"), max_length=255, editable=False)
    state = models.CharField(
        _("state"), max_length=16, choices=JobState, default=JobState.WAITING, editable=False
    )
    # Its texts are written in the language of whoever started it.
    language = models.CharField(max_length=16, default="en", editable=False)
    # Its file lies with the command that runs it, and nobody else can.
    foreground = models.BooleanField(default=False, editable=False)

    created_by = models.CharField(_("started by"), max_length=255, editable=False)
    created_at = models.DateTimeField(_("started"), db_default=Now(), editable=False)
    started_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, editable=False)
    cancelled_by = models.CharField(max_length=255, blank=True, editable=False)
    cancel_requested_at = models.DateTimeField(null=True, editable=False)

    batches = models.PositiveIntegerField(default=0, editable=False)
    checkpoint = models.JSONField(default=dict, editable=False)
    bytes_total = models.PositiveBigIntegerField(default=0, editable=False)
    bytes_done = models.PositiveBigIntegerField(default=0, editable=False)
    rows_done = models.PositiveBigIntegerField(_("rows"), default=0, editable=False)
    rows_rejected = models.PositiveBigIntegerField(_("rejected"), default=0, editable=False)
    counts = models.JSONField(default=dict, editable=False)
    # The first ones as {"line", "reasons"}; all of them are kept in pieces.
    first_rejects = models.JSONField(default=list, editable=False)
    seconds_worked = models.FloatField(default=0, editable=False)

    # Since the last batch that went well.
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    failures = models.PositiveSmallIntegerField(default=0, editable=False)
    retry_at = models.DateTimeField(null=True, editable=False)
    error = models.TextField(blank=True, editable=False)

    objects: ClassVar[Any] = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [
            models.Index(
                fields=["workspace", "id"],
                condition=models.Q(state__in=UNFINISHED),
                name="imports_job_unfinished",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_finished(self) -> bool:
        return self.state not in UNFINISHED

    @property
    def shown_state(self) -> tuple[str, Any]:
        """The state, and the word for it; one that is about to be cancelled has its own."""
        if self.cancel_requested_at is not None and not self.is_finished:
            return "cancelling", _("stopping")
        return self.state, JobState(self.state).label


class Role(models.IntegerChoices):
    """What a piece is part of."""

    INPUT = 1
    REJECTS = 2
    RESULT = 3


class Piece(models.Model):
    """Up to a mebibyte of a file, compressed by itself. Web server and worker share no disk.

    Pieces of an input hold exactly `imports.pieces.SIZE` bytes each, but for the last, so
    that any place of it is found without reading what stands before.
    """

    pk = models.CompositePrimaryKey("job_id", "role", "number")
    job = models.ForeignKey(Job, models.CASCADE, related_name="pieces", db_index=False)
    role = models.PositiveSmallIntegerField(choices=Role)
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.get_role_display()} {self.number}"
