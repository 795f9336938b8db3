"""What is known about a user, in words that people read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from profiles.attributes import STANDARD

ATTRIBUTES: Mapping[str, Any] = {
    "email": gettext_lazy("Email"),
    "phone": gettext_lazy("Phone"),
    "first_name": gettext_lazy("First name"),
    "last_name": gettext_lazy("Last name"),
    "country": gettext_lazy("Country"),
    "language": gettext_lazy("Language"),
    "gender": gettext_lazy("Gender"),
    "dob": gettext_lazy("Date of birth"),
    "home_city": gettext_lazy("City"),
    "time_zone": gettext_lazy("Time zone"),
    "email_subscribe": gettext_lazy("Email subscription"),
    "push_subscribe": gettext_lazy("Push subscription"),
    "email_open_tracking_disabled": gettext_lazy("Opted out of tracked opens"),
    "email_click_tracking_disabled": gettext_lazy("Opted out of tracked clicks"),
}

_SUBSCRIPTIONS = {
    "opted_in": gettext_lazy("Opted in"),
    "subscribed": gettext_lazy("Subscribed"),
    "unsubscribed": gettext_lazy("Unsubscribed"),
}
_VALUES: Mapping[str, Mapping[str, Any]] = {
    "gender": {
        "M": gettext_lazy("Male"),
        "F": gettext_lazy("Female"),
        "O": gettext_lazy("Other"),
        "N": gettext_lazy("Not applicable"),
        "P": gettext_lazy("Prefers not to say"),
    },
    "email_subscribe": _SUBSCRIPTIONS,
    "push_subscribe": _SUBSCRIPTIONS,
}


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute as a page shows it. A time has `at`; `kind` says what a custom one holds."""

    name: str
    label: str
    text: str
    kind: str = ""
    at: datetime | None = None


def standard(attributes: Mapping[str, Any]) -> list[Attribute]:
    """Those of Braze's fields that the user has, in their usual order."""
    return [_standard(name, attributes[name]) for name in STANDARD if name in attributes]


def custom(attributes: Mapping[str, Any]) -> list[Attribute]:
    """The others, by name."""
    return [_custom(name, attributes[name]) for name in sorted(attributes.keys() - STANDARD.keys())]


def attribute(name: str, value: Any) -> Attribute:
    return _standard(name, value) if name in STANDARD else _custom(name, value)


def _standard(name: str, value: Any) -> Attribute:
    text = str(_VALUES.get(name, {}).get(str(value), _text(value)))
    return Attribute(name, str(ATTRIBUTES[name]), text)


def _custom(name: str, value: Any) -> Attribute:
    at = _time(value)
    return Attribute(name, name, _text(value), _("time") if at else _kind(value), at)


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes or no")
    if isinstance(value, int | float):
        return _("number")
    if isinstance(value, list):
        return _("list")
    if isinstance(value, dict):
        return _("object")
    return _("text")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, list):
        return ", ".join(_text(each) for each in value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _time(value: Any) -> datetime | None:
    """The moment that an ISO-8601 text with a time of day names; UTC where it names no zone."""
    if not isinstance(value, str) or "T" not in value[:11]:
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
