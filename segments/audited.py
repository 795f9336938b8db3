"""What the audit log calls segments."""

from collections.abc import Collection

from segments.models import Segment
from segments.paths import page_of
from workspaces.audit_log.names import Named, uuids


def segments(workspace_id: int, ids: Collection[str]) -> dict[str, Named]:
    keys = uuids(ids)
    found = Segment.objects.filter(workspace_id=workspace_id, pk__in=keys)
    return {keys[segment.pk]: Named(segment.name, page_of(segment.pk)) for segment in found}
