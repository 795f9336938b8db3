"""What a merge would come to, worked out by the rules that will do it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from profiles.belonging import Belonging
from profiles.models import Identifier, IdentifierKind
from profiles.pages import wording
from profiles.pages.portrait import Portrait
from profiles.pages.wording import Attribute
from profiles.rules import Entry, Identities, Key, State


@dataclass(frozen=True, slots=True)
class Value:
    """An attribute of the user who goes, and the same one of the user who stays."""

    label: str
    of_source: Attribute
    of_survivor: Attribute | None

    @property
    def is_copied(self) -> bool:
        return self.of_survivor is None

    @property
    def is_lost(self) -> bool:
        """Whether the value is dropped for the survivor's."""
        return bool(self.of_survivor and self.of_source.text != self.of_survivor.text)


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one id, and why. `tone` is a label's colour."""

    kind: str
    text: str
    tone: str
    done: str
    why: str = ""


@dataclass
class Preview:
    """One user becoming part of another."""

    source: Portrait
    survivor: Portrait

    @cached_property
    def values(self) -> list[Value]:
        """What the user who goes has: standard fields in their order, then custom ones by name."""
        ours = self.survivor.profile.attributes
        return [
            Value(theirs.label, theirs, _attribute(theirs.name, ours))
            for theirs in (*self.source.standard, *self.source.custom)
        ]

    @property
    def copied(self) -> int:
        return sum(value.is_copied for value in self.values)

    @cached_property
    def fates(self) -> list[Fate]:
        """Every id that says something else afterwards."""
        before, after = self._identities.before, self._identities.after
        left_out = set(self._left_out)
        mine = {_key(identifier) for identifier in self.source.identifiers}
        changed = [key for key in sorted(before) if key in mine or before[key] != after[key]]
        return [self._fate(key, after.get(key), left_out) for key in changed]

    @property
    def becomes_identified(self) -> bool:
        return not self.survivor.profile.is_identified and self.source.profile.is_identified

    @cached_property
    def new_cohorts(self) -> list[Belonging]:
        """Those that the survivor comes into."""
        own = {one.path for one in self.survivor.cohorts}
        return [one for one in self.source.cohorts if one.path not in own]

    @property
    def cohorts(self) -> int:
        """How many the survivor is in afterwards."""
        return len(self.survivor.cohorts) + len(self.new_cohorts)

    @property
    def activity(self) -> int:
        """How many names of events and purchases the other user brings along."""
        return len(self.source.events) + len(self.source.purchases)

    @cached_property
    def _identities(self) -> Identities:
        people = (self.source, self.survivor)
        before = {
            _key(one): Entry(one.profile_id, one.state) for who in people for one in who.identifiers
        }
        return Identities(before, {who.profile.pk: who.profile.external_id for who in people})

    @cached_property
    def _left_out(self) -> Sequence[Key]:
        return self._identities.merge(self.source.profile.pk, self.survivor.profile.pk)

    def _fate(self, key: Key, after: Entry | None, left_out: set[Key]) -> Fate:
        kind = str(IdentifierKind(key.kind).label)
        text = f"{key.label}:{key.value}" if key.label else key.value
        if key in left_out or after is None:
            why = _("the user who stays has an alias with this label")
            return Fate(kind, text, "danger", _("left out"), why)
        comes = self._identities.before[key].profile_id != self.survivor.profile.pk
        done = _("moves") if comes else _("stays")
        if key.kind == IdentifierKind.EXTERNAL_ID:
            own = self.becomes_identified and key.value == self.source.profile.external_id
            why = _("becomes their external id") if own else _("goes on naming them")
            return Fate(kind, text, "success", done, why)
        if after.state == State.MUTED:
            return Fate(kind, text, "warning", done, _("ignored in matching from then on"))
        return Fate(kind, text, "success", done)


def _key(identifier: Identifier) -> Key:
    return Key(identifier.kind, identifier.label, identifier.value)


def _attribute(name: str, attributes: dict[str, Any]) -> Attribute | None:
    return wording.attribute(name, attributes[name]) if name in attributes else None
