"""Ending the sessions of an account: on every browser, from the next request on."""

from django.contrib.auth import update_session_auth_hash
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest

from workspaces.accounts.notes import note
from workspaces.models import User


def end_all(person: User) -> None:
    """Every session that there is, inside the transaction of whatever is the reason."""
    User.objects.filter(pk=person.pk).update(session_generation=F("session_generation") + 1)
    person.refresh_from_db(fields=["session_generation"])


@transaction.atomic
def end_others(request: HttpRequest, person: User) -> None:
    """All but the one in which the person asks for it."""
    end_all(person)
    update_session_auth_hash(request, person)
    note(person, "user.signed_out_elsewhere", by=person)
