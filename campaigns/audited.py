"""What the audit log calls campaigns and Canvases."""

from collections.abc import Collection
from uuid import UUID

from django.urls import reverse

from campaigns.models import Campaign, Kind
from workspaces.audit_log.names import Named, uuids


def campaigns(workspace_id: int, ids: Collection[str]) -> dict[str, Named]:
    return _named(workspace_id, ids, Kind.CAMPAIGN)


def canvases(workspace_id: int, ids: Collection[str]) -> dict[str, Named]:
    return _named(workspace_id, ids, Kind.CANVAS)


def _named(workspace_id: int, ids: Collection[str], kind: Kind) -> dict[str, Named]:
    keys = uuids(ids)
    found = Campaign.objects.filter(workspace_id=workspace_id, kind=kind, pk__in=keys)
    return {
        keys[campaign.pk]: Named(campaign.name, address_of(kind, campaign.pk)) for campaign in found
    }


def address_of(kind: str, key: UUID) -> str:
    """Of its page in the dashboard."""
    return reverse(f"admin:campaigns_{kind}_change", args=[key])
