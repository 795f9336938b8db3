"""What people say about themselves: their name, and the address that reaches them."""

from django.db import transaction
from django.db.models import Q, QuerySet

from common.advisory import Namespace, hold
from workspaces import audit
from workspaces.accounts.notes import note
from workspaces.models import User


class AddressTaken(ValueError):
    """Another account has that email address, or is signed in to with it."""


def of_address(email: str) -> QuerySet[User]:
    """Accounts that an address leads to: an invited person signs in with theirs."""
    return User.objects.filter(Q(email__iexact=email) | Q(username__iexact=email))


@transaction.atomic
def change(person: User, *, first_name: str, last_name: str, email: str, by: audit.Actor) -> None:
    """Raises `AddressTaken`; then nothing is changed. An empty address is none."""
    hold(Namespace.ADDRESSES, 0)  # two people who want the same one come one after another
    locked = User.objects.select_for_update().get(pk=person.pk)
    if email and of_address(email).exclude(pk=locked.pk).exists():
        raise AddressTaken(email)
    wanted = {"first_name": first_name, "last_name": last_name, "email": email}
    changed = [name for name, value in wanted.items() if getattr(locked, name) != value]
    if not changed:
        return
    for name, value in wanted.items():
        setattr(locked, name, value)
        setattr(person, name, value)
    locked.save(update_fields=changed)
    # Which fields, as of every account that is changed; what they hold is personal.
    note(locked, "user.changed", by=by, changes=[{"changed": {"fields": changed}}])
