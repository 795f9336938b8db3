"""Pages of users that begin where another ended, so that none is counted or skipped over."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from django.db.models import F, QuerySet

# Django's own, behind its composite keys: a row comparison, which the index can seek.
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan

from profiles.models import Profile

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Place:
    """Where a user stands in the list: by the time of the last change, then by the id."""

    updated_at: datetime
    profile_id: int

    @classmethod
    def of(cls, profile: Profile) -> Self:
        return cls(profile.updated_at, profile.pk)

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The place that an address names; None where it names none."""
        moment, _, profile_id = text.partition(".")
        try:
            place = cls(_EPOCH + int(moment) * _MICROSECOND, int(profile_id))
        except (ValueError, OverflowError):
            return None
        return place if 0 < place.profile_id <= _LARGEST else None

    def __str__(self) -> str:
        return f"{(self.updated_at - _EPOCH) // _MICROSECOND}.{self.profile_id}"


@dataclass(frozen=True, slots=True)
class Page:
    """Users, those updated last first, and the places to go on from, where there are more."""

    profiles: list[Profile]
    newer: Place | None
    older: Place | None


def older_than(users: QuerySet[Profile], place: Place | None, *, size: int) -> Page:
    """The users that follow the place; without one, the first of all."""
    found = users.filter(TupleLessThan(_PLACE, _row(place))) if place else users
    profiles = list(found.order_by("-updated_at", "-pk")[: size + 1])
    page = profiles[:size]
    return Page(
        page,
        newer=Place.of(page[0]) if place and page else None,
        older=Place.of(page[-1]) if len(profiles) > size else None,
    )


def newer_than(users: QuerySet[Profile], place: Place, *, size: int) -> Page:
    """The users right before the place; the first of all where those don't fill a page."""
    found = users.filter(TupleGreaterThan(_PLACE, _row(place)))
    profiles = list(found.order_by("updated_at", "pk")[: size + 1])
    if len(profiles) <= size:
        return older_than(users, None, size=size)
    page = profiles[size - 1 :: -1]
    return Page(page, newer=Place.of(page[0]), older=Place.of(page[-1]))


_PLACE = Tuple(F("updated_at"), F("id"))


def _row(place: Place) -> tuple[datetime, int]:
    return place.updated_at, place.profile_id
