"""Segments, everything they ever were, and how many people they reached."""

import uuid
from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from segments.tree import everyone
from workspaces.models import User, Workspace

# Tags that a list of all is cut at.
MOST_TAGS_OFFERED = 200


class SegmentQuerySet(models.QuerySet["Segment"]):
    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(workspace=workspace)

    def active(self) -> Self:
        return self.filter(archived_at=None)

    def search(self, text: str) -> Self:
        """Those that have every word of `text` in their name, description or tags."""
        found = self.alias(tag_text=_TagText("tags"))
        for word in text.replace("\0", " ").split():
            found = found.filter(
                models.Q(name__icontains=word)
                | models.Q(description__icontains=word)
                | models.Q(tag_text__icontains=word)
            )
        return found

    def tags_in(self, workspace: Workspace | None) -> list[str]:
        """Every tag that an active or archived segment of the workspace has, in order."""
        tags = self.filter(workspace=workspace).annotate(tag=_Unnest("tags")).order_by("tag")
        return list(tags.values_list("tag", flat=True).distinct()[:MOST_TAGS_OFFERED])

    def tagged(self, tag: str) -> Self:
        return self.filter(tags__contains=[tag])

    def starred_by(self, person: User) -> Self:
        return self.filter(models.Exists(_stars_of(person)))

    def with_star_of(self, person: User) -> Self:
        """Each with `is_starred`."""
        return self.annotate(is_starred=models.Exists(_stars_of(person)))

    def naming_segment(self, segment: "Segment") -> Self:
        """Those with a filter on that segment."""
        return self._naming({"kind": "segment", "segment": str(segment.pk)})

    def naming_cohort(self, partner: str, external_id: str) -> Self:
        """Those with a filter on that cohort, by its partner's slug and id."""
        return self._naming({"kind": "cohort", "partner": partner, "cohorts": [external_id]})

    def _naming(self, part: dict[str, Any]) -> Self:
        group = [{"filters": [part]}]
        return self.filter(
            models.Q(filters__contains={"groups": group})
            | models.Q(filters__contains={"exclusions": group})
        )


class _TagText(models.Func):
    """All tags in one text. No tag can be found across two of them: a line break lies between."""

    function = "array_to_string"
    template = "%(function)s(%(expressions)s, E'\\n')"
    output_field = models.TextField()


class _Unnest(models.Func):
    function = "unnest"
    output_field = models.TextField()
    set_returning = True


def _stars_of(person: User) -> models.QuerySet["Star"]:
    return Star.objects.filter(segment=models.OuterRef("pk"), user=person)


class Segment(models.Model):
    """A named filter tree: who it reaches is evaluated, never stored.

    `version` is the number of the `Version` that it is now.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="segments")
    name = models.CharField(_("name"), max_length=255)
    description = models.TextField(_("description"), blank=True)
    tags = ArrayField(
        models.CharField(max_length=64), verbose_name=_("tags"), default=list, blank=True
    )
    # The canonical form of `segments.tree`.
    filters = models.JSONField(_("filters"), default=everyone)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    updated_at = models.DateTimeField(_("last edited"), auto_now=True)
    updated_by = models.CharField(_("last edited by"), max_length=255, blank=True, editable=False)
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True)

    objects = SegmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        permissions: ClassVar = [("export_segment", _("Can export the members of segments"))]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "name"],
                condition=models.Q(archived_at=None),
                name="segments_segment_one_per_name",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Version(models.Model):
    """What a segment was from one save to the next, and who made it so. Never changes."""

    segment = models.ForeignKey(Segment, models.CASCADE, related_name="versions", db_index=False)
    number = models.PositiveIntegerField()
    at = models.DateTimeField(db_default=Now())
    by = models.CharField(max_length=255)
    name = models.CharField(max_length=255)
    description = models.TextField(blank=True)
    tags = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    filters = models.JSONField()
    # Whether the one before had other filters: only then whom it reaches may differ.
    has_new_filters = models.BooleanField()
    # The number of the version that this one brought back.
    restores = models.PositiveIntegerField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["segment", "number"], name="segments_version_one_per_number"
            )
        ]

    def __str__(self) -> str:
        return f"version {self.number}"


class Star(models.Model):
    """That somebody wants a segment at hand."""

    segment = models.ForeignKey(Segment, models.CASCADE, related_name="stars", db_index=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["segment", "user"], name="segments_star_once")
        ]

    def __str__(self) -> str:
        return f"star of {self.user_id}"


class Cause(models.TextChoices):
    """What had a segment counted."""

    EDIT = "edit", _("edited")
    SYNC = "sync", _("upload")
    DAY = "day", _("daily count")


class SizeStep(models.Model):
    """How many people a segment reached at a moment, exactly, and why it was counted then.

    An edit names its version, a sync the cohorts whose uploads had ended.
    """

    segment = models.ForeignKey(Segment, models.CASCADE, related_name="size_steps", db_index=False)
    at = models.DateTimeField()
    size = models.PositiveBigIntegerField()
    cause = models.CharField(max_length=8, choices=Cause)
    version = models.PositiveIntegerField(null=True)
    cohort_ids = ArrayField(models.BigIntegerField(), default=list, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["segment", "at"], name="segments_sizestep_history"),
        ]
        constraints: ClassVar = [
            # So that an edit is counted once, whoever comes to it first.
            models.UniqueConstraint(
                fields=["segment", "version"], name="segments_sizestep_one_per_edit"
            )
        ]

    def __str__(self) -> str:
        return f"{self.size} at {self.at}"


class SizeWatch(models.Model):
    """Up to when a workspace's uploads are in the history of its segments' sizes."""

    workspace = models.OneToOneField(Workspace, models.CASCADE, primary_key=True, related_name="+")
    looked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"looked at {self.looked_at}"
