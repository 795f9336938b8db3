"""How a partner stands to a workspace: handed over, disabled, enabled again."""

from django.db import transaction
from django.db.models.functions import Now

from partners.models import Integration
from workspaces import audit


@transaction.atomic
def disable(integration: Integration, *, by: audit.Actor) -> bool:
    """Refuse the partner's calls to this workspace, from the next one on, whatever their key.

    Cohorts and keys stay as they are. False if it was so already.
    """
    found = Integration.objects.filter(pk=integration.pk, disabled_at=None)
    return _note(integration, "disabled", by, bool(found.update(disabled_at=Now())))


@transaction.atomic
def enable(integration: Integration, *, by: audit.Actor) -> bool:
    """Take the partner's calls again. False if it was so already."""
    found = Integration.objects.filter(pk=integration.pk, disabled_at__isnull=False)
    return _note(integration, "enabled", by, bool(found.update(disabled_at=None)))


@transaction.atomic
def hand_over(integration: Integration, *, by: audit.Actor) -> bool:
    """Note that the partner was given endpoint and key. False if it was noted before."""
    found = Integration.objects.filter(pk=integration.pk, handed_over_at=None)
    return _note(integration, "handed_over", by, bool(found.update(handed_over_at=Now())))


def _note(integration: Integration, done: str, by: audit.Actor, changed: bool) -> bool:
    if changed:
        audit.record(
            workspace=integration.workspace,
            by=by,
            action=f"integration.{done}",
            object_type="integration",
            object_id=integration.partner.slug,
        )
    return changed
