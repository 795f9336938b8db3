"""Arguments of commands that name a workspace or a person."""

from django.core.management.base import CommandError, CommandParser

from workspaces import tenancy
from workspaces.models import User, Workspace


def add_workspace(parser: CommandParser) -> None:
    parser.add_argument("--workspace", metavar="SLUG", required=True, help="slug of the workspace")


def workspace(slug: str) -> Workspace:
    """The workspace that a command's `--workspace` names.

    Raises `CommandError`, which tells the slugs that there are.
    """
    found = Workspace.objects.filter(slug=slug).first()
    if found is None:
        raise CommandError(f"There is no workspace {slug}. {tenancy.known_slugs()}")
    return found


def add_person(parser: CommandParser) -> None:
    parser.add_argument("username", metavar="USERNAME", help="what the person logs in with")


def person(username: str) -> User:
    """The account of that name. Raises `CommandError`."""
    found = User.objects.filter(username=username).first()
    if found is None:
        raise CommandError(f"There is no account {username}.")
    return found
