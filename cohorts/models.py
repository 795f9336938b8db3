"""Cohorts, their membership, the inbox that changes it, and what files bring.

Accept locks `CohortHead`, apply locks `CohortCursor`: two tables, so that neither waits
for the other. `Upload` is inbox and ledger in one: a row with a payload is still to be
applied, a row with `applied_at` says what became of every id in it.
"""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from common.fields import BitmapField
from imports.models import Job
from partners.models import Partner
from workspaces.models import Workspace


class Cohort(models.Model):
    """An audience that a partner keeps up to date. `external_id` is the partner's id for it."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="cohorts")
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="cohorts")
    external_id = models.CharField(_("cohort id"), max_length=255, db_collation="C")
    # What the partner calls it, and what people here do, which no call of the partner changes.
    name = models.CharField(_("name"), max_length=255, blank=True)
    own_name = models.CharField(_("name given here"), max_length=255, blank=True, db_default="")
    export_file_name = models.CharField(_("export file name"), max_length=255, blank=True)
    first_created_at = models.DateTimeField(_("created at the partner"), null=True)
    last_created_at = models.DateTimeField(_("creation time last sent"), null=True)
    created_at = models.DateTimeField(_("first seen"), db_default=Now(), editable=False)
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True)

    class Meta:
        verbose_name = _("cohort")
        verbose_name_plural = _("cohorts")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "partner", "external_id"],
                name="cohorts_cohort_one_per_external_id",
            )
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """What people here or the partner named it, or its id until a name arrives."""
        return self.own_name or self.name or self.external_id


class FormerName(models.Model):
    """A name that a cohort had before, so that searching it still finds the cohort."""

    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="former_names")
    name = models.CharField(_("name"), max_length=255)
    until = models.DateTimeField(_("until"), db_default=Now())

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cohort", "name"], name="cohorts_formername_once")
        ]

    def __str__(self) -> str:
        return self.name


class CohortHead(models.Model):
    """Where accept stands: the last sequence number given out, and the ids received so far."""

    cohort = models.OneToOneField(Cohort, models.CASCADE, primary_key=True, related_name="head")
    sequence = models.BigIntegerField(default=0)
    ids_received = models.BigIntegerField(default=0)
    last_received_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"accepted {self.sequence}"


class CohortCursor(models.Model):
    """Where apply stands. Its row lock is the claim on a cohort, gone with the connection.

    `attempts` counts applies begun and not ended (the process died), `failures` those that
    raised; both since the last success. A parked cohort waits for an operator.
    """

    cohort = models.OneToOneField(Cohort, models.CASCADE, primary_key=True, related_name="cursor")
    sequence = models.BigIntegerField(default=0)
    ids_applied = models.BigIntegerField(default=0)
    last_applied_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    parked_at = models.DateTimeField(_("parked"), null=True)
    error = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"applied {self.sequence}"


class Block(models.Model):
    """The members of a cohort whose profile ids fall into block `number`.

    `added` and `removed` are positions that identities moved since `members` was written:
    read all three through `cohorts.blocks`.
    """

    pk = models.CompositePrimaryKey("cohort_id", "number")
    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="blocks", db_index=False)
    number = models.BigIntegerField()
    members = BitmapField()
    added = ArrayField(models.IntegerField(), null=True)
    removed = ArrayField(models.IntegerField(), null=True)

    def __str__(self) -> str:
        return f"block {self.number}"


class Upload(models.Model):
    """One accepted request: first its payload, then what became of every id.

    The payload is columnar, an array for each kind of id in the order named, so that
    resolving it never leaves PostgreSQL; `runs` says in which order the kinds came and
    whether they were adds or removes (see `cohorts.partner_api.changes`). A deleted user's id
    is NULL.
    """

    pk = models.CompositePrimaryKey("cohort_id", "sequence")
    # Without a constraint: a cohort is never deleted, and checking would lock its row.
    cohort = models.ForeignKey(
        Cohort, models.DO_NOTHING, related_name="uploads", db_constraint=False, db_index=False
    )
    sequence = models.BigIntegerField()
    request_id = models.UUIDField()
    # The data import key that brought it, or the import.
    key_id = models.BigIntegerField(null=True)
    job_id = models.BigIntegerField(null=True)
    received_at = models.DateTimeField(db_default=Now())
    ids = models.PositiveIntegerField()

    runs = ArrayField(models.IntegerField(), null=True)
    external_ids = ArrayField(models.TextField(), null=True)
    device_ids = ArrayField(models.TextField(), null=True)
    alias_labels = ArrayField(models.TextField(), null=True)
    alias_names = ArrayField(models.TextField(), null=True)

    applied_at = models.DateTimeField(null=True)
    skipped_at = models.DateTimeField(null=True)
    added = models.PositiveIntegerField(default=0)
    already_in = models.PositiveIntegerField(default=0)
    waiting = models.PositiveIntegerField(default=0)
    removed = models.PositiveIntegerField(default=0)
    not_in = models.PositiveIntegerField(default=0)
    ignored_device = models.PositiveIntegerField(default=0)
    repeated = models.PositiveIntegerField(default=0)
    unknown = models.PositiveIntegerField(default=0)
    deleted = models.PositiveIntegerField(default=0)
    members_added = BitmapField(null=True)
    members_removed = BitmapField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["received_at"], name="cohorts_upload_age"),
            models.Index(
                fields=["job_id"],
                condition=models.Q(job_id__isnull=False),
                name="cohorts_upload_of_job",
            ),
        ]

    def __str__(self) -> str:
        return f"upload {self.sequence}"


class CohortCount(models.Model):
    """A cohort's size as it was counted last, for sorting: pages show it counted afresh.

    `sequence` is the last request that it takes in. A count that isn't settled was taken
    while a sync was under way.
    """

    cohort = models.OneToOneField(Cohort, models.CASCADE, primary_key=True, related_name="count")
    size = models.PositiveBigIntegerField()
    waiting = models.PositiveBigIntegerField()
    sequence = models.BigIntegerField()
    is_settled = models.BooleanField()
    counted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.size} counted"


class CohortSize(models.Model):
    """How large a cohort was at a moment: once a day, and after each sync that changed it."""

    pk = models.CompositePrimaryKey("cohort_id", "at")
    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="sizes", db_index=False)
    at = models.DateTimeField()
    size = models.PositiveBigIntegerField()
    waiting = models.PositiveBigIntegerField()

    def __str__(self) -> str:
        return f"{self.size} at {self.at:%Y-%m-%d %H:%M}"


class Mode(models.TextChoices):
    """What the ids of a file do to a cohort."""

    ADD = "add", _("Add these ids")
    REMOVE = "remove", _("Remove these ids")
    REPLACE = "replace", _("Replace the whole membership")


class CohortImport(models.Model):
    """What an import of a cohort's members is to do, and what it has found.

    Ids that are added or removed go through the inbox like a partner's. Those that replace
    the membership are staged, in blocks that follow their users like a cohort's own, until
    somebody has seen what would change.
    """

    job = models.OneToOneField(Job, models.CASCADE, primary_key=True, related_name="+")
    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="imports")
    mode = models.CharField(_("mode"), max_length=16, choices=Mode)
    # Of the ids staged, as the ledger counts them.
    unknown = models.PositiveBigIntegerField(default=0)
    ignored_device = models.PositiveBigIntegerField(default=0)
    deleted = models.PositiveBigIntegerField(default=0)
    replaced_at = models.DateTimeField(null=True)
    discarded_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(replaced_at=None) | models.Q(discarded_at=None),
                name="cohorts_cohortimport_ends_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.mode} {self.cohort}"


class StagedBlock(models.Model):
    """The users of a file that is to replace a membership, whose ids fall into that block."""

    pk = models.CompositePrimaryKey("file_id", "number")
    file = models.ForeignKey(CohortImport, models.CASCADE, related_name="blocks", db_index=False)
    number = models.BigIntegerField()
    members = BitmapField()

    def __str__(self) -> str:
        return f"staged block {self.number}"
