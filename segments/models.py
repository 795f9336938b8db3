import uuid
from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from segments.tree import everyone
from workspaces.models import Workspace


class SegmentQuerySet(models.QuerySet["Segment"]):
    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(workspace=workspace)

    def active(self) -> Self:
        return self.filter(archived_at=None)

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


class Segment(models.Model):
    """A named filter tree: who it reaches is evaluated, never stored."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="segments")
    name = models.CharField(_("name"), max_length=255)
    description = models.TextField(_("description"), blank=True)
    tags = ArrayField(
        models.CharField(max_length=64), verbose_name=_("tags"), default=list, blank=True
    )
    # The canonical form of `segments.tree`.
    filters = models.JSONField(_("filters"), default=everyone)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    updated_at = models.DateTimeField(_("last edited"), auto_now=True)
    updated_by = models.CharField(_("last edited by"), max_length=255, blank=True, editable=False)
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True)

    objects = SegmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "name"],
                condition=models.Q(archived_at=None),
                name="segments_segment_one_per_name",
            )
        ]

    def __str__(self) -> str:
        return self.name
