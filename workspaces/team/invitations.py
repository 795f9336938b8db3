"""Invitations: a link that lets one person into a team, once, within a week.

The link ends with a key like those of partners (`common.keys`): readable once, digested under
a pepper, with a checksum, so that a link that was cut off is told from one that is spent.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from common import keys
from common.advisory import Namespace, hold
from common.keys import KeyKind
from common.models import newest_pepper
from workspaces import audit
from workspaces.accounts import details
from workspaces.models import Invitation, Membership, User, Workspace
from workspaces.team import members

LIFETIME = timedelta(days=7)
OPEN = Q(accepted_at=None, revoked_at=None, expires_at__gt=Now())


class AlreadyInTeam(ValueError):
    """Somebody with that address is a member."""


class NotOpen(ValueError):
    """The invitation was accepted, revoked or has expired."""


class HasAccount(ValueError):
    """There is an account of that address: whoever it is signs in instead."""


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation, and the key at the end of its link, which nothing can show again."""

    invitation: Invitation
    text: str = field(repr=False)


@transaction.atomic
def invite(workspace: Workspace, email: str, role: str, *, by: audit.Actor) -> Invited:
    """Offer somebody a role. An older invitation of theirs stops working.

    Raises `AlreadyInTeam`.
    """
    email = email.strip().lower()
    team = Membership.objects.filter(workspace=workspace)
    if team.filter(Q(user__email__iexact=email) | Q(user__username__iexact=email)).exists():
        raise AlreadyInTeam(email)
    # One after another for a workspace: of two invitations at once, the later stands.
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
    for older in Invitation.objects.filter(
        workspace=workspace, email=email, accepted_at=None, revoked_at=None
    ):
        revoke(older, by=by)
    key = keys.generate(KeyKind.INVITATION)
    number, pepper = newest_pepper()
    invitation = Invitation.objects.create(
        workspace=workspace,
        email=email,
        role=role,
        public_id=key.public_id,
        digest=keys.digest(key, pepper),
        pepper=number,
        created_by=str(by),
        expires_at=Now() + LIFETIME,
    )
    invitation.refresh_from_db(fields=["created_at", "expires_at"])
    _note(invitation, "made", by=by, role=role)
    return Invited(invitation, key.text)


@transaction.atomic
def revoke(invitation: Invitation, *, by: audit.Actor) -> bool:
    """Make its link open nothing. False if it does so already."""
    found = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None)
    if not found.update(revoked_at=Now()):
        return False
    _note(invitation, "revoked", by=by)
    return True


def find(text: str) -> Invitation | None:
    """The open invitation whose key that is."""
    key = keys.parse(text, KeyKind.INVITATION)
    if key is None:
        return None
    invitation = _open().filter(public_id=key.public_id).first()
    if invitation is None:
        return None
    pepper = settings.PEPPERS.get(invitation.pepper)
    return invitation if keys.matches(key, bytes(invitation.digest), pepper) else None


def still_open(pk: int) -> Invitation | None:
    return _open().filter(pk=pk).first()


def account_of(invitation: Invitation) -> User | None:
    """The account that an invited person has already."""
    return details.of_address(invitation.email).first()


@transaction.atomic
def accept(invitation: Invitation, person: User) -> Membership:
    """Let `person` into the team. Raises `NotOpen`."""
    spent = _open().filter(pk=invitation.pk).update(accepted_at=Now())
    if not spent:
        raise NotOpen(invitation.email)
    _note(invitation, "accepted", by=person)
    return members.add(invitation.workspace, person, invitation.role, by=person)


@transaction.atomic
def accept_as_new(
    invitation: Invitation, *, first_name: str, last_name: str, password: str
) -> User:
    """Make an account for the invited address, and let it in.

    Raises `NotOpen` and `HasAccount`.
    """
    hold(Namespace.ADDRESSES, 0)  # nobody takes the address between look and save
    if account_of(invitation):
        raise HasAccount(invitation.email)
    person = User.objects.create_user(
        invitation.email,
        invitation.email,
        password,
        first_name=first_name,
        last_name=last_name,
        is_staff=True,
        last_workspace=invitation.workspace,
    )
    audit.record(
        workspace=None,
        by=person,
        action="user.created",
        object_type="user",
        object_id=person.username,
        details={"invited_by": invitation.created_by},
    )
    accept(invitation, person)
    return person


def _open() -> QuerySet[Invitation]:
    return Invitation.objects.filter(OPEN).select_related("workspace")


def _note(invitation: Invitation, done: str, *, by: audit.Actor, **details: object) -> None:
    audit.record(
        workspace=invitation.workspace,
        by=by,
        action=f"invitation.{done}",
        object_type="invitation",
        object_id=invitation.email,
        details=details,
    )
