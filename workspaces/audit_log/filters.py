"""By what the audit log can be narrowed: who, what was done, to which kind of thing, and when.

None of them asks the table what there is to choose from, however long it has become.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter, RangeDateTimeFilter, TextFilter

from workspaces.audit_log.words import KINDS, WORDS, words
from workspaces.models import AuditEntry

Entries = QuerySet[AuditEntry]


def _said(value: str | None) -> str:
    """What an address says, without what no text in the database can hold."""
    return (value or "").replace("\0", "").strip()


class WhoFilter(TextFilter):  # type: ignore[misc]
    """A person's user name, a key's prefix, a task or a command: the beginning will do."""

    title = _("who")
    parameter_name = "who"

    def queryset(self, request: HttpRequest, entries: Entries) -> Entries:
        who = _said(self.value())
        return entries.filter(actor__istartswith=who) if who else entries


class ActionFilter(DropdownFilter):  # type: ignore[misc]
    title = _("what was done")
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return sorted(((action, words(action)) for action in WORDS), key=lambda one: one[1])

    def queryset(self, request: HttpRequest, entries: Entries) -> Entries:
        action = _said(self.value())
        return entries.filter(action=action) if action else entries


class ObjectFilter(DropdownFilter):  # type: ignore[misc]
    title = _("kind of object")
    parameter_name = "object"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return sorted(((kind, str(name)) for kind, name in KINDS.items()), key=lambda one: one[1])

    def queryset(self, request: HttpRequest, entries: Entries) -> Entries:
        kind = _said(self.value())
        return entries.filter(object_type=kind) if kind else entries


class WhenFilter(RangeDateTimeFilter):  # type: ignore[misc]
    """From one moment to another, both included; either may be left out, and any time of day.

    In UTC. Raises `IncorrectLookupParameters` for what is no moment: a filter that is passed
    over would show more than it says.
    """

    def queryset(self, request: HttpRequest, entries: Entries) -> Entries:
        if start := self._moment("from", time.min):
            entries = entries.filter(at__gte=start)
        if end := self._moment("to", time.max):
            entries = entries.filter(at__lte=end)
        return entries

    def _moment(self, side: str, without_time: time) -> datetime | None:
        day, hour = (
            _said(self.used_parameters.get(f"{self.parameter_name}_{side}_{part}"))
            for part in (0, 1)
        )
        if not day:
            return None
        try:
            clock = time.fromisoformat(hour) if hour else without_time
            return datetime.combine(date.fromisoformat(day), clock, UTC)
        except ValueError as error:
            raise IncorrectLookupParameters from error


def matching(text: str) -> Q:
    """Entries with every word of `text` in who, in what as people read it, or in the object."""
    found = Q()
    for word in text.split():
        actions = [action for action in WORDS if word.casefold() in words(action).casefold()]
        found &= (
            Q(actor__icontains=word)
            | Q(action__in=actions)
            | Q(action__icontains=word)
            | Q(object_id__icontains=word)
            | Q(details__icontains=word)
        )
    return found


FILTERS: Iterable[Any] = (WhoFilter, ActionFilter, ObjectFilter, ("at", WhenFilter))
