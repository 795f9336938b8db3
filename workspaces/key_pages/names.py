"""What the audit log calls keys: by their label, and with the way to their page."""

from collections.abc import Collection
from typing import Any

from django.urls import reverse

from common.models import ApiKey
from workspaces.audit_log.names import Named, Namer


def namer(model: type[ApiKey]) -> Namer:
    """Of keys of one kind, which entries name by their prefix."""
    page = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
    has_workspace = any(field.name == "workspace" for field in model._meta.fields)

    def name(workspace_id: int, ids: Collection[str]) -> dict[str, Named]:
        found: Any = model._default_manager.filter(
            public_id__in=[prefix.rpartition("_")[2] for prefix in ids]
        )
        if has_workspace:
            found = found.filter(workspace_id=workspace_id)
        return {key.prefix: Named(_words(key), reverse(page, args=[key.pk])) for key in found}

    return name


def _words(key: ApiKey) -> str:
    return f"{key.label} ({key.prefix})" if key.label else key.prefix
