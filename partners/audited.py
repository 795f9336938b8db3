"""What the audit log calls partners."""

from collections.abc import Collection

from django.urls import reverse

from partners.models import Partner
from workspaces.audit_log.names import Named


def partners(workspace_id: int, ids: Collection[str]) -> dict[str, Named]:
    """By slug, for the partner itself and for its connection to a workspace."""
    return {
        partner.slug: Named(
            partner.name, reverse("admin:partners_partner_change", args=[partner.pk])
        )
        for partner in Partner.objects.filter(slug__in=ids)
    }
