"""When something happened or will, as people read it: how long ago, and exactly on hover."""

from datetime import UTC, datetime, timedelta

from django.template.loader import render_to_string
from django.utils.timesince import timesince, timeuntil
from django.utils.translation import gettext as _

_MOMENT = timedelta(minutes=1)


def age(at: datetime, *, now: datetime | None = None) -> str:
    """In its largest unit: `3 days ago`, `in 2 hours`, and within a minute `just now`."""
    now = now or datetime.now(UTC)
    if abs(now - at) < _MOMENT:
        return _("just now")
    if at < now:
        return _("%(age)s ago") % {"age": timesince(at, now, depth=1)}
    return _("in %(time)s") % {"time": timeuntil(at, now, depth=1)}


def when(at: datetime | None, *, never: str = "-") -> str:
    """For a column of a list; `never` where nothing happened."""
    return render_to_string("partials/when.html", {"at": at}) if at else never
