"""The audit rows of what happens to an account, where those who look after it find them."""

from workspaces import audit
from workspaces.models import User, Workspace


def note(person: User, action: str, *, by: audit.Actor, **details: object) -> None:
    """One row in each workspace whose team they are in, and one for the installation."""
    teams = Workspace.objects.filter(memberships__user=person)
    for workspace in (None, *teams):
        audit.record(
            workspace=workspace,
            by=by,
            action=action,
            object_type="user",
            object_id=person.username,
            details=details,
        )
