"""The workspace that someone looks at in the dashboard, and what they are there."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest

from workspaces.models import Membership, User, Workspace

SESSION_KEY = "workspace"


@dataclass(frozen=True, slots=True)
class Standpoint:
    """The workspaces that somebody may look at, by slug, and the one that they do.

    `role` is empty for who isn't a member: nobody, or whoever runs the installation.
    """

    workspaces: Sequence[Workspace] = ()
    workspace: Workspace | None = None
    role: str = ""


def current_workspace(request: HttpRequest) -> Workspace | None:
    """The one that they chose last, else their first; None where there isn't any."""
    return standpoint(request).workspace


def standpoint(request: HttpRequest) -> Standpoint:
    """Found once a request, because every list and every part of a page asks for it."""
    if not hasattr(request, "_standpoint"):
        request._standpoint = _standpoint(request)  # type: ignore[attr-defined]
    found: Standpoint = request._standpoint  # type: ignore[attr-defined]
    return found


def signed_in(request: HttpRequest) -> User:
    """The person at the dashboard, where nobody gets in who isn't one."""
    assert isinstance(request.user, User)
    return request.user


def choose(request: HttpRequest, workspace: Workspace) -> None:
    """Look at `workspace` from now on, in this session and in those to come."""
    assert isinstance(request.user, User)
    request.session[SESSION_KEY] = workspace.pk
    User.objects.filter(pk=request.user.pk).update(last_workspace=workspace)
    del request._standpoint  # type: ignore[attr-defined]


def _standpoint(request: HttpRequest) -> Standpoint:
    person = request.user
    if not isinstance(person, User) or not person.is_active:
        return Standpoint()
    roles = _roles(person)
    workspaces = list(roles)
    wanted = request.session.get(SESSION_KEY) or person.last_workspace_id
    chosen = next((one for one in workspaces if one.pk == wanted), None)
    workspace = chosen or next(iter(workspaces), None)
    return Standpoint(workspaces, workspace, roles[workspace] if workspace else "")


def _roles(person: User) -> dict[Workspace, str]:
    """The workspaces that somebody may look at, with their role in each."""
    if person.is_superuser:
        return dict.fromkeys(Workspace.objects.all(), "")
    found = Membership.objects.filter(user=person).select_related("workspace")
    return {one.workspace: one.role for one in found.order_by("workspace__slug")}
