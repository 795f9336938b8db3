"""Who has to wait before they may try to sign in again, and who lets them in earlier.

django-axes counts failures in the database, so that all web processes count together. A wrong
code of a second factor counts like a wrong password.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from axes.signals import user_locked_out
from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.db import transaction
from django.db.models import Max, QuerySet, Sum
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import salted_hmac

from workspaces import audit
from workspaces.accounts.notes import note
from workspaces.models import SecondFactor, User

# Failures before it is locked, in the order of AXES_LOCKOUT_PARAMETERS: of one account from one
# address; from one address, which may be a whole office; of one account from anywhere. The last
# two are far apart from the first, so that nobody can keep somebody else out by five tries.
LIMITS = (settings.AXES_FAILURE_LIMIT, 50, 50)

Attempts = QuerySet[Any]


class SteppedHandler(AxesDatabaseHandler):  # type: ignore[misc]
    """Counts as django-axes does, against a limit for each of the three."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Scaled: it reaches AXES_FAILURE_LIMIT when any of the limits is reached."""
        counted = zip(self.get_user_attempts(request, credentials), LIMITS, strict=True)
        return max(_failures(found) * LIMITS[0] // limit for found, limit in counted)

    def reset_user_attempts(
        self, request: HttpRequest, credentials: dict[str, Any] | None = None
    ) -> int:
        """Signing in proves the account from here: it says nothing of others' tries."""
        own, *_others = self.filter_user_attempts(request, credentials)
        return int(own.delete()[0])

    def locked_until(self, request: HttpRequest, credentials: dict[str, Any] | None) -> datetime:
        counted = zip(self.get_user_attempts(request, credentials), LIMITS, strict=True)
        last = [_last(found) for found, limit in counted if _failures(found) >= limit]
        return max(filter(None, last), default=timezone.now()) + settings.AXES_COOLOFF_TIME


def counted_as(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """The name that failures are kept under. Of no account, only a digest: people type
    passwords where a name belongs."""
    typed = str((credentials or request.POST).get("username") or "")
    if User.objects.filter(username=typed).exists():
        return typed
    return f"unknown {salted_hmac('workspaces.accounts.lockouts', typed).hexdigest()}"


def may_try(request: HttpRequest, person: User) -> bool:
    """Whether they may try to sign in now; if not, the answer becomes the page that says so."""
    credentials = {"username": person.username}
    allowed = bool(AxesProxyHandler.is_allowed(request, credentials))
    if not allowed:
        request.axes_locked_out = True  # type: ignore[attr-defined]
        request.axes_credentials = credentials  # type: ignore[attr-defined]
    return allowed


def count_failure(request: HttpRequest, person: User) -> None:
    """Count a wrong code like a wrong password."""
    credentials = {"username": person.username}
    user_login_failed.send(sender=__name__, credentials=credentials, request=request)


def locked_page(
    request: HttpRequest, response: HttpResponse | None, credentials: dict[str, Any] | None
) -> HttpResponse:
    """In the place of any answer to somebody who has to wait. The same for unknown accounts."""
    until = AxesProxyHandler.get_implementation().locked_until(request, credentials)
    page = render(request, "accounts/locked.html", {"until": until}, status=429)
    seconds = max(1, round((until - timezone.now()).total_seconds()))
    page["Retry-After"] = str(seconds)
    page["Cache-Control"] = "no-store"
    return page


def locked_until(people: Iterable[User]) -> dict[str, datetime]:
    """For each who is locked out, by user name, until when; from whatever address."""
    since = timezone.now() - settings.AXES_COOLOFF_TIME
    names = [person.username for person in people]
    recent = AccessAttempt.objects.filter(username__in=names, attempt_time__gte=since).order_by()
    ends: dict[str, list[datetime]] = {}
    of_one_place, _of_a_place, of_all_places = LIMITS
    for columns, limit in (
        (("username", "ip_address"), of_one_place),
        (("username",), of_all_places),
    ):
        counted = recent.values(*columns).annotate(
            failures=Sum("failures_since_start"), last=Max("attempt_time")
        )
        for row in counted.filter(failures__gte=limit):
            ends.setdefault(row["username"], []).append(row["last"] + settings.AXES_COOLOFF_TIME)
    return {name: max(times) for name, times in ends.items()}


@transaction.atomic
def unlock(person: User, *, by: audit.Actor) -> None:
    """Let somebody try again at once, with password and code."""
    AxesProxyHandler.reset_attempts(username=person.username)
    SecondFactor.objects.filter(user=person).update(
        throttling_failure_count=0, throttling_failure_timestamp=None
    )
    note(person, "user.unlocked", by=by)


@receiver(user_locked_out, dispatch_uid="note a lock-out")
def _note_lockout(
    sender: object, *, request: HttpRequest, username: str | None, ip_address: str | None, **_: Any
) -> None:
    """Once, by the failure that was one too many."""
    by_a_failure = getattr(request, "axes_failures_since_start", None) is not None
    person = User.objects.filter(username=username).first() if by_a_failure else None
    if person:
        note(person, "user.locked_out", by="sign-in", address=ip_address or "")


def _failures(found: Attempts) -> int:
    return int(found.aggregate(total=Sum("failures_since_start"))["total"] or 0)


def _last(found: Attempts) -> datetime | None:
    last: datetime | None = found.aggregate(last=Max("attempt_time"))["last"]
    return last
