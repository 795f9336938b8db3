"""What the overview says of keys and of the audit log."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from common.ages import age
from common.models import ApiKey
from workspaces.audit_log.names import names
from workspaces.audit_log.words import words
from workspaces.models import AuditEntry, RestApiKey, Workspace
from workspaces.overview import MOST, Matter, Panel, Part, Urgency

# Time enough to have a partner change a key.
EXPIRES_SOON = timedelta(days=14)
ACTIVITIES = 8


def expiring(model: type[ApiKey], *, page: str) -> Callable[[Workspace], Part]:
    """A reader of the live keys of that kind that will expire soon, the next one first."""

    def read(workspace: Workspace) -> Part:
        now = timezone.now()
        keys: Any = model._default_manager  # of a kind that belongs to workspaces
        found = keys.filter(
            workspace=workspace,
            invalidated_at=None,
            expires_at__gt=now,
            expires_at__lte=now + EXPIRES_SOON,
        )
        return Part(matters=[_expiring(key, page) for key in found.order_by("expires_at")[:MOST]])

    return read


def _expiring(key: ApiKey, page: str) -> Matter:
    assert key.expires_at is not None
    text = _("This key expires %(when)s: rotate it, and hand over its successor.")
    return Matter(
        key.label or key.prefix,
        text % {"when": age(key.expires_at)},
        reverse(page, args=[key.pk]),
        Urgency.SOON,
    )


rest_keys = expiring(RestApiKey, page="admin:workspaces_restapikey_change")


def activity(workspace: Workspace) -> Part:
    """What was done here last, by whom."""
    entries = list(AuditEntry.objects.filter(workspace=workspace).order_by("-pk")[:ACTIVITIES])
    named = names(entries)
    shown = [
        {
            "entry": entry,
            "words": words(entry.action),
            "named": named[entry.pk],
            "path": reverse("admin:workspaces_auditentry_change", args=[entry.pk]),
        }
        for entry in entries
    ]
    panel = Panel(
        _("Latest activity"),
        "workspaces/overview/activity.html",
        shown,
        reverse("admin:workspaces_auditentry_changelist"),
    )
    return Part(panels=[panel])
