"""What the audit log calls segments."""

from collections.abc import Collection

from segments.models import Segment
from segments.paths import page_of
from workspaces.audit_log.names import Named


def segments(workspace_id: int, ids: Collection[str]) -> dict[str, Named]:
    found = Segment.objects.filter(workspace_id=workspace_id, pk__in=ids)
    return {str(segment.pk): Named(segment.name, page_of(segment.pk)) for segment in found}
