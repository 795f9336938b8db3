"""Everything that is known about users, in the shape in which Braze exports them."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from profiles import belonging
from profiles.attributes import STANDARD
from profiles.belonging import Belonging
from profiles.buckets import random_bucket
from profiles.models import Activity, ActivityKind, Identifier, IdentifierKind, Profile

User = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What was read about one user; a part that nobody asked for is empty."""

    profile: Profile
    identifiers: Sequence[Identifier]
    activity: Sequence[Activity]
    belongings: Mapping[str, Sequence[Belonging]]

    def named(self, kind: IdentifierKind) -> list[Identifier]:
        return [each for each in self.identifiers if each.kind == kind]

    def done(self, kind: ActivityKind) -> list[User]:
        return [
            {
                "name": each.name,
                "first": iso(each.first_at),
                "last": iso(each.last_at),
                "count": each.count,
            }
            for each in self.activity
            if each.kind == kind
        ]


def _standard(name: str) -> Callable[[Sheet], Any]:
    return lambda sheet: sheet.profile.attributes.get(name)


# Every field, in the order of the answer. What is None or empty is left out of it.
FIELDS: Mapping[str, Callable[[Sheet], Any]] = {
    "created_at": lambda sheet: f"{_digits(sheet.profile.created_at, ' ')} UTC",
    "external_id": lambda sheet: sheet.profile.external_id,
    "user_aliases": lambda sheet: [
        {"alias_name": alias.value, "alias_label": alias.label}
        for alias in sheet.named(IdentifierKind.ALIAS)
    ],
    "braze_id": lambda sheet: str(sheet.profile.pk),
    "random_bucket": lambda sheet: random_bucket(sheet.profile.pk),
    **{name: _standard(name) for name in STANDARD},
    "custom_attributes": lambda sheet: {
        name: value for name, value in sheet.profile.attributes.items() if name not in STANDARD
    },
    "custom_events": lambda sheet: sheet.done(ActivityKind.EVENT),
    "purchases": lambda sheet: sheet.done(ActivityKind.PURCHASE),
    "devices": lambda sheet: [
        {"device_id": device.value} for device in sheet.named(IdentifierKind.DEVICE)
    ],
    "cohorts": lambda sheet: [_cohort(each) for each in sheet.belongings.get("cohorts", ())],
    "segments": lambda sheet: [
        {"segment_id": each.id, "name": each.name} for each in sheet.belongings.get("segments", ())
    ],
}
_OF_IDENTIFIERS = {"user_aliases", "devices"}
_OF_ACTIVITY = {"custom_events", "purchases"}
_OF_BELONGING = {"cohorts", "segments"}


def export(
    workspace_id: int, profile_ids: Sequence[int], *, fields: Collection[str] | None = None
) -> list[User]:
    """Those users, in that order, with the fields that were asked for, or all.

    What isn't asked for isn't read. The number of queries depends on nothing else; a caller
    that wants all of it to be of one moment opens the snapshot.
    """
    asked = set(FIELDS) if fields is None else FIELDS.keys() & fields
    profiles = Profile.objects.filter(workspace_id=workspace_id).in_bulk(profile_ids)
    identifiers = activity = None
    if asked & _OF_IDENTIFIERS:
        rows = Identifier.objects.filter(workspace_id=workspace_id, profile_id__in=profiles)
        identifiers = _by_user(rows.order_by("kind", "label", "value"))
    if asked & _OF_ACTIVITY:
        activity = _by_user(Activity.objects.filter(profile_id__in=profiles).order_by("name"))
    belongings = belonging.read(workspace_id, list(profiles), only=asked & _OF_BELONGING)
    return [
        _user(
            Sheet(
                profiles[pk],
                (identifiers or {}).get(pk, ()),
                (activity or {}).get(pk, ()),
                {what: found[pk] for what, found in belongings.items()},
            ),
            asked,
        )
        for pk in profile_ids
        if pk in profiles
    ]


def _user(sheet: Sheet, asked: Collection[str]) -> User:
    values = {name: value(sheet) for name, value in FIELDS.items() if name in asked}
    return {name: value for name, value in values.items() if value not in (None, [], {}, "")}


def _by_user(rows: Iterable[Any]) -> dict[int, list[Any]]:
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.profile_id].append(row)
    return dict(found)


def _cohort(cohort: Belonging) -> User:
    told: User = {
        "partner": cohort.partner_slug,
        "cohort_id": cohort.id,
        "name": cohort.name,
    }
    if cohort.since is not None:
        told |= {"since": iso(cohort.since), "upload": int(cohort.source)}
    return told


def iso(moment: datetime) -> str:
    """2013-07-16T19:20:30.250Z, for a moment in UTC."""
    return f"{_digits(moment, 'T')}Z"


def _digits(moment: datetime, between: str) -> str:
    return moment.replace(tzinfo=None).isoformat(between, "milliseconds")
