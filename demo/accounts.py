"""The account with which one looks at a local demo. Its password is no secret."""

from django.conf import settings
from django.db import transaction

from workspaces import audit
from workspaces.models import User

USERNAME = "admin"
# Nobody's: tests of messages go there, into a file.
EMAIL = "admin@example.com"
PASSWORD = "quayside"  # noqa: S105  # printed at every start


def ensure(*, by: audit.Actor) -> None:
    """Make the account, on a local instance without anybody who could look after it.

    Production never has it: its password is in the documentation.
    """
    if settings.PRODUCTION or User.objects.filter(is_superuser=True).exists():
        return
    with transaction.atomic():
        User.objects.create_superuser(USERNAME, EMAIL, PASSWORD)
        audit.record(
            workspace=None,
            by=by,
            action="user.created",
            object_type="user",
            object_id=USERNAME,
        )


def describe() -> str:
    """How to log in, for the person who starts the instance; empty when that is theirs to know."""
    account = User.objects.filter(username=USERNAME, is_active=True).first()
    if settings.PRODUCTION or account is None or not account.check_password(PASSWORD):
        return ""
    return f"Log in as {USERNAME} with the password {PASSWORD}."
