"""Second factors: turned on with a first code, asked for at every sign-in, reset by others.

A code is taken once, and wrong ones make the next wait: first a second, then twice as long
each time. The row is locked while a code is checked, so that guesses at once gain nothing.
"""

import logging
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django_otp.oath import TOTP

from common import sealing
from common.models import newest_pepper
from workspaces import audit
from workspaces.accounts import codes, sessions
from workspaces.accounts.notes import note
from workspaces.models import RecoveryCode, SecondFactor, User

logger = logging.getLogger(__name__)

# Steps of thirty seconds that a phone's clock may be off, either way.
TOLERANCE = 1


class WrongCode(ValueError):
    """Not the code of now, or one that was used before."""


class TooFast(ValueError):
    """After wrong codes, before the wait was over."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until.isoformat())
        self.until = until


@dataclass(frozen=True, slots=True)
class TurnedOn:
    """The recovery codes, which nothing can show again."""

    recovery_codes: list[str] = field(repr=False)


def of(person: User) -> SecondFactor | None:
    """The one that they are asked for; None while none was confirmed."""
    return SecondFactor.objects.filter(user=person, confirmed=True).first()


def begun(person: User) -> SecondFactor | None:
    """One that waits for its first code."""
    return SecondFactor.objects.filter(user=person, confirmed=False).first()


@transaction.atomic
def begin(person: User) -> None:
    """Make a secret for an app to learn. Nothing is asked for before `confirm`.

    Beginning again makes another one; one that is in use stays as it is.
    """
    pepper, sealed = sealing.seal(codes.new_secret())
    SecondFactor.objects.filter(user=person, confirmed=False).delete()
    SecondFactor.objects.get_or_create(
        user=person,
        defaults={"confirmed": False, "sealed_secret": sealed, "pepper": pepper},
    )


def secret_to_learn(factor: SecondFactor) -> bytes:
    """For the page that turns it on; afterwards nobody reads it again."""
    assert not factor.confirmed
    return sealing.unseal(factor.pepper, factor.sealed_secret)


def confirm(person: User, code: str) -> TurnedOn:
    """Turn it on. Every other session of theirs ends.

    Raises `WrongCode` and `TooFast`.
    """
    problem = None
    with transaction.atomic():
        factor = SecondFactor.objects.select_for_update().filter(user=person, confirmed=False).get()
        problem = _problem(factor, code)
        if problem is None:
            factor.confirmed = True
            factor.save()
            made = _make_recovery_codes(person)
            sessions.end_all(person)
            note(person, "second_factor.turned_on", by=person)
            return TurnedOn(made)
    raise problem


def check(person: User, code: str) -> None:
    """Take the code of the app, or a recovery code, which is spent by that.

    Raises `WrongCode` and `TooFast`.
    """
    with transaction.atomic():
        factor = SecondFactor.objects.select_for_update().filter(user=person, confirmed=True).get()
        problem = _problem(factor, code, or_recovery=True)
    if problem:
        raise problem


@transaction.atomic
def renew_recovery_codes(person: User, *, by: User) -> list[str]:
    """Ten new ones; the old ones open nothing any more."""
    made = _make_recovery_codes(person)
    note(person, "recovery_codes.made", by=by)
    return made


@transaction.atomic
def remove(person: User, *, by: audit.Actor) -> bool:
    """Ask for no code any more, and end every session. False where there was none.

    By themselves it is turned off, by another it is reset.
    """
    confirmed = of(person) is not None
    SecondFactor.objects.filter(user=person).delete()
    RecoveryCode.objects.filter(user=person).delete()
    if confirmed:
        sessions.end_all(person)
        own = isinstance(by, User) and by.pk == person.pk
        note(person, "second_factor.turned_off" if own else "second_factor.reset", by=by)
    return confirmed


def _problem(
    factor: SecondFactor, code: str, *, or_recovery: bool = False
) -> WrongCode | TooFast | None:
    """What is wrong with a code, noted on the locked row; None when it was taken."""
    allowed, why = factor.verify_is_allowed()
    if not allowed:
        return TooFast(why["locked_until"])
    if _is_current(factor, code) or (or_recovery and _spend(factor, code)):
        factor.throttle_reset(commit=False)
        factor.save()
        return None
    factor.throttle_increment()
    return WrongCode()


def _is_current(factor: SecondFactor, code: str) -> bool:
    number = codes.number(code)
    if number is None:
        return False
    try:
        secret = sealing.unseal(factor.pepper, factor.sealed_secret)
    except sealing.CannotOpen as error:
        logger.error("second factor can't be read: %s", error)
        return False
    totp = TOTP(secret, drift=factor.drift, digits=codes.DIGITS)
    if not totp.verify(number, TOLERANCE, min_t=factor.last_step + 1):
        return False
    factor.last_step, factor.drift = totp.t(), totp.drift
    return True


def _spend(factor: SecondFactor, code: str) -> bool:
    if not codes.looks_like_recovery(code):
        return False
    person: User = factor.user
    digests = [codes.digest(code, pepper) for pepper in settings.PEPPERS.values()]
    spent, _ = RecoveryCode.objects.filter(user=person, digest__in=digests).delete()
    if spent:
        left = RecoveryCode.objects.filter(user=person).count()
        note(person, "recovery_code.used", by=person, left=left)
    return bool(spent)


def _make_recovery_codes(person: User) -> list[str]:
    made = codes.new_recovery_codes()
    number, pepper = newest_pepper()
    RecoveryCode.objects.filter(user=person).delete()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(user=person, digest=codes.digest(code, pepper), pepper=number) for code in made
    )
    return made
