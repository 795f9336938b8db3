"""What the audit log calls segments."""

from collections.abc import Collection

from django.urls import reverse

from segments.models import Segment
from workspaces.audit_names import Named


def segments(workspace_id: int, ids: Collection[str]) -> dict[str, Named]:
    found = Segment.objects.filter(workspace_id=workspace_id, pk__in=ids)
    return {
        str(segment.pk): Named(
            segment.name, reverse("admin:segments_segment_change", args=[segment.pk])
        )
        for segment in found
    }
