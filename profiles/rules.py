"""The identity rules, worked out on a small copy of the identity map. Pure.

A call reads the identifiers that it names into `Identities`, lets the rules change them
one item after another, and writes the difference. That difference also says which lock
the call needs, so the rules are the only place that knows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import count
from typing import NamedTuple


class Kind(IntEnum):
    """The numbers of `IdentifierKind`, for code that needs no database."""

    EXTERNAL_ID = 1
    ALIAS = 2
    DEVICE = 3


class State(IntEnum):
    """The numbers of `IdentifierState`."""

    LIVE = 1
    RESERVED = 2
    MUTED = 3


class Key(NamedTuple):
    """What an identifier is found by. Keys sort in the order in which rows are locked."""

    kind: int
    label: str
    value: str


class Entry(NamedTuple):
    """What an identifier says."""

    profile_id: int
    state: int


class Refused(ValueError):
    """Why the rules don't allow a change, in words for the caller. Nothing has changed."""


def external_id(value: str) -> Key:
    return Key(Kind.EXTERNAL_ID, "", value)


def alias(label: str, name: str) -> Key:
    return Key(Kind.ALIAS, label, name)


def device(value: str) -> Key:
    return Key(Kind.DEVICE, "", value)


def state_for(key: Key, *, identified: bool) -> State:
    """A device of an identified user is kept, but matching ignores it."""
    return State.MUTED if identified and key.kind == Kind.DEVICE else State.LIVE


@dataclass
class Identities:
    """The part of the identity map that one call names, before and after its changes.

    `external_ids` gives the own external id of every profile in sight, None for an anonymous
    one; others that name it are those of users merged into it. Profiles in `created` have a
    negative id unless they took a reserved one: writing gives them theirs. `merged` holds
    (waiting or profile id, profile id) whose bits move, in order; `left` ids whose bits go.
    Profiles end by being absorbed, in order (profile, survivor), or by being deleted.

    What changes a user as a whole (`identify`, `merge`, `delete`, `add_alias`) needs all of
    the user's identifiers in `before`.
    """

    before: Mapping[Key, Entry]
    external_ids: dict[int, str | None]
    after: dict[Key, Entry] = field(init=False)
    created: dict[int, str | None] = field(default_factory=dict)
    identified: dict[int, str] = field(default_factory=dict)
    merged: list[tuple[int, int]] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    absorbed: list[tuple[int, int]] = field(default_factory=list)
    deleted: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.after = dict(self.before)
        self._provisional = count(-1, -1)

    def find(self, key: Key) -> int | None:
        """Whose identifier this is; None when it is nobody's, waiting or not."""
        entry = self.after.get(key)
        return None if entry is None or entry.state == State.RESERVED else entry.profile_id

    def is_identified(self, profile_id: int) -> bool:
        return self.external_ids[profile_id] is not None

    def keys_of(self, profile_id: int) -> list[Key]:
        """The profile's identifiers, as far as they are in sight, in the order of locks."""
        return sorted(key for key, entry in self.after.items() if entry.profile_id == profile_id)

    def create(self, keys: Sequence[Key]) -> int:
        """A new profile with `keys`, none of which but devices may be somebody's.

        It takes the reserved id of its external id, else the first of its reserved ids,
        and so is at once in every cohort that named it. A device says nothing about an
        identified user, so its reserved id is not for taking then.
        """
        external = next((key.value for key in keys if key.kind == Kind.EXTERNAL_ID), None)
        identified = external is not None
        waiting = [
            key
            for key in keys
            if self._waits(key) and state_for(key, identified=identified) == State.LIVE
        ]
        waiting.sort(key=lambda key: key.kind != Kind.EXTERNAL_ID)
        taken = self.after[waiting[0]].profile_id if waiting else next(self._provisional)
        self.external_ids[taken] = external
        self.created[taken] = external
        for key in keys:
            self.attach(taken, key)
        return taken

    def attach(self, profile_id: int, key: Key) -> None:
        """Give the profile this identifier, which is nobody's, or a device of whoever's.

        A waiting id's bits come along, unless they belong to a device that matching
        ignores from now on. A device that moves takes no membership with it.
        """
        entry = self.after.get(key)
        state = state_for(key, identified=self.is_identified(profile_id))
        if entry is not None and entry.state == State.RESERVED and entry.profile_id != profile_id:
            if state == State.MUTED:
                self.left.append(entry.profile_id)
            else:
                self.merged.append((entry.profile_id, profile_id))
        self.after[key] = Entry(profile_id, state)

    def add_alias(self, profile_id: int, key: Key) -> None:
        """Give the profile one more alias. Repeating that changes nothing.

        Raises `Refused` when it is another user's, or the user has another of that label.
        """
        owner = self.find(key)
        if owner == profile_id:
            return
        if owner is not None:
            raise Refused("the alias belongs to another user")
        if key.label in self._labels(profile_id):
            raise Refused("the user has another alias with that alias_label")
        self.attach(profile_id, key)

    def rename_alias(self, old: Key, new: Key) -> None:
        """Let the user of `old` have `new` under the same label instead; `old` is free then.

        Raises `Refused` when `old` is nobody's or `new` is another user's.
        """
        profile_id = self.find(old)
        if profile_id is None:
            raise Refused("alias_label and old_alias_name name nobody")
        owner = self.find(new)
        if owner is not None and owner != profile_id:
            raise Refused("the new alias belongs to another user")
        if new != old:
            del self.after[old]
            self.attach(profile_id, new)

    def identify(self, anonymous: Key, external: Key) -> list[Key]:
        """Let the user of `anonymous` be the one with that external id.

        A new external id makes the user identified and changes nothing else about them; a
        taken one merges them into its user. Returns the aliases left out, as `merge` does.

        Raises `Refused` when nobody has the alias, or somebody with another external id.
        """
        profile_id, owner = self.find(anonymous), self.find(external)
        if profile_id is None:
            raise Refused("user_alias names nobody")
        if profile_id == owner:
            return []
        if self.is_identified(profile_id):
            raise Refused("user_alias belongs to a user with another external_id")
        if owner is not None:
            return self.merge(profile_id, owner)
        self._give_external_id(profile_id, external.value)
        self.attach(profile_id, external)
        return []

    def merge(self, source: int, target: int) -> list[Key]:
        """End the first profile; the second has its identifiers and bits from now on.

        A survivor without an external id takes the other's as its own. Aliases whose label
        the survivor has already are left out, and returned: they are nobody's then.

        Raises `Refused` for one and the same profile.
        """
        if source == target:
            raise Refused("both identifiers name the same user")
        external = self.external_ids.pop(source)
        if external is not None and not self.is_identified(target):
            self._give_external_id(target, external)
        labels = self._labels(target)
        left_out = []
        for key in self.keys_of(source):
            if key.kind == Kind.ALIAS and key.label in labels:
                del self.after[key]
                left_out.append(key)
            else:
                state = state_for(key, identified=self.is_identified(target))
                self.after[key] = Entry(target, state)
        self.identified.pop(source, None)
        self.merged.append((source, target))
        self.absorbed.append((source, target))
        return left_out

    def delete(self, key: Key) -> None:
        """End the user whom `key` names, or the waiting of an id that has none yet."""
        entry = self.after.get(key)
        if entry is None:
            return
        if entry.state == State.RESERVED:
            del self.after[key]
            self.left.append(entry.profile_id)
        else:
            self.delete_profile(entry.profile_id)

    def delete_profile(self, profile_id: int) -> None:
        """End the profile with every identifier and bit that it has; nothing if there is none."""
        if profile_id not in self.external_ids:
            return
        for key in self.keys_of(profile_id):
            del self.after[key]
        del self.external_ids[profile_id]
        self.left.append(profile_id)
        self.deleted.append(profile_id)

    def added(self) -> list[Key]:
        """Identifiers that the map doesn't have yet, in the order of locks."""
        return sorted(self.after.keys() - self.before.keys())

    def changed(self) -> list[Key]:
        """Identifiers that say something else from now on, in the order of locks."""
        kept = self.before.keys() & self.after.keys()
        return sorted(key for key in kept if self.after[key] != self.before[key])

    def removed(self) -> list[Key]:
        """Identifiers that are nobody's any more, in the order of locks."""
        return sorted(self.before.keys() - self.after.keys())

    def claimed(self) -> list[Key]:
        """Identifiers that waited and don't any more, in the order of locks."""
        ended = sorted(self.changed() + self.removed())
        return [key for key in ended if self.before[key].state == State.RESERVED]

    def changes_meaning(self) -> bool:
        """Whether an id changes what it means or bits move: then the map must be one's own."""
        somebodys = any(self.before[key].state != State.RESERVED for key in self.changed())
        return bool(somebodys or self.removed() or self.merged or self.left or self.identified)

    def _give_external_id(self, profile_id: int, external: str) -> None:
        """Make an anonymous profile identified: its devices stop matching."""
        self.external_ids[profile_id] = self.identified[profile_id] = external
        for key in self.keys_of(profile_id):
            self.after[key] = Entry(profile_id, state_for(key, identified=True))

    def _labels(self, profile_id: int) -> set[str]:
        return {key.label for key in self.keys_of(profile_id) if key.kind == Kind.ALIAS}

    def _waits(self, key: Key) -> bool:
        entry = self.after.get(key)
        return entry is not None and entry.state == State.RESERVED
