"""Who did what: one row beside each change, in the same transaction."""

from collections.abc import Sequence
from typing import Any

from common.models import ApiKey
from workspaces import audit_origin
from workspaces.models import AuditEntry, User, Workspace

# A person, a key, or the name of a task or command.
Actor = User | ApiKey | str


def record(
    *,
    workspace: Workspace | None,
    by: Actor,
    action: str,
    object_type: str,
    object_id: str,
    details: dict[str, Any] | None = None,
) -> AuditEntry:
    """Note a change, inside the transaction that makes it, so that neither is without the other.

    `action` is `<what>.<done>`, as in `data_import_key.issued`. A person is named by their
    user name, a key by its prefix: what is written here stays readable once they are gone.
    `workspace` is None for what belongs to the whole instance. `details` hold no secret and
    no id of a user.
    """
    return AuditEntry.objects.create(
        workspace=workspace,
        actor=str(by),
        action=action,
        object_type=object_type,
        object_id=object_id,
        details=details or {},
        address=audit_origin.address(),
    )


def record_each(
    *,
    workspace: Workspace | None,
    by: Actor,
    action: str,
    object_type: str,
    objects: Sequence[tuple[str, dict[str, Any]]],
) -> None:
    """Note the same change of several objects, each with its details, in one statement."""
    address = audit_origin.address()
    AuditEntry.objects.bulk_create(
        AuditEntry(
            workspace=workspace,
            actor=str(by),
            action=action,
            object_type=object_type,
            object_id=object_id,
            details=details,
            address=address,
        )
        for object_id, details in objects
    )
