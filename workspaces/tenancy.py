"""Workspaces as such: making one, and finding the one that a command names."""

from django.core.exceptions import ValidationError
from django.db import transaction

from workspaces import audit
from workspaces.models import Workspace


class InvalidWorkspace(ValueError):
    """Why a workspace can't be made, in one sentence."""


@transaction.atomic
def create(*, slug: str, name: str = "", by: audit.Actor) -> Workspace:
    """Make a workspace. Without a name it is called by its slug.

    Raises `InvalidWorkspace` for a slug that is taken or isn't one.
    """
    workspace = Workspace(slug=slug, name=name.strip() or slug)
    try:
        workspace.full_clean()
    except ValidationError as error:
        raise InvalidWorkspace(_why(slug, error)) from error
    workspace.save()
    audit.record(
        workspace=workspace,
        by=by,
        action="workspace.created",
        object_type="workspace",
        object_id=workspace.slug,
        details={"name": workspace.name},
    )
    return workspace


def known_slugs() -> str:
    """A sentence that helps whoever named a workspace that doesn't exist."""
    slugs = ", ".join(Workspace.objects.values_list("slug", flat=True))
    return f"There are: {slugs}." if slugs else "There is none yet: create_workspace makes one."


def _why(slug: str, error: ValidationError) -> str:
    codes = {problem.code for problems in error.error_dict.values() for problem in problems}
    if "unique" in codes:
        return f"There is already a workspace {slug}."
    return " ".join(error.messages)
