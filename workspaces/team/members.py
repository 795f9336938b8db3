"""Who is in the team of a workspace, and as what. There is always somebody who can change it."""

from django.db import transaction

from workspaces import audit
from workspaces.models import Membership, User, Workspace
from workspaces.roles import Role


class LastAdministrator(ValueError):
    """Without them nobody in the workspace could invite, promote or remove anybody."""


@transaction.atomic
def add(workspace: Workspace, person: User, role: str, *, by: audit.Actor) -> Membership:
    """Put somebody into the team. Who is in it already stays what they are."""
    place, is_new = Membership.objects.get_or_create(
        workspace=workspace, user=person, defaults={"role": role}
    )
    if is_new:
        _note(place, "added", by=by, role=role)
    return place


@transaction.atomic
def change_role(place: Membership, role: str, *, by: audit.Actor) -> bool:
    """Give a member another role, from their next request on. False if it is theirs already.

    Raises `LastAdministrator`.
    """
    before = _locked(place).role
    if before == role:
        return False
    _keep_an_administrator(place, before)
    Membership.objects.filter(pk=place.pk).update(role=role)
    place.role = role
    _note(place, "changed", by=by, role={"from": before, "to": role})
    return True


@transaction.atomic
def remove(place: Membership, *, by: audit.Actor) -> None:
    """Take a member out of the team: with their next request they are a stranger here.

    Raises `LastAdministrator`.
    """
    role = _locked(place).role
    _keep_an_administrator(place, role)
    _note(place, "removed", by=by, role=role)
    Membership.objects.filter(pk=place.pk).delete()


def _locked(place: Membership) -> Membership:
    """As it is now, while nobody else changes the team: two administrators could otherwise
    remove each other at once."""
    Workspace.objects.select_for_update(no_key=True).get(pk=place.workspace_id)
    return Membership.objects.get(pk=place.pk)


def _keep_an_administrator(place: Membership, role: str) -> None:
    team = Membership.objects.filter(
        workspace_id=place.workspace_id, role=Role.ADMINISTRATOR, user__is_active=True
    )
    if role == Role.ADMINISTRATOR and not team.exclude(pk=place.pk).exists():
        raise LastAdministrator(place.user.username)


def _note(place: Membership, done: str, *, by: audit.Actor, **details: object) -> None:
    audit.record(
        workspace=place.workspace,
        by=by,
        action=f"membership.{done}",
        object_type="membership",
        object_id=place.user.username,
        details=details,
    )
