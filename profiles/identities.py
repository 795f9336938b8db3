"""Read the part of the identity map that a call names, change it by the rules, write it.

`settle` holds the locking: it begins under the shared lock, where other calls create and
claim at the same time. If the rules turn out to change what an id means, or another call
won an id meanwhile, everything is rolled back and decided anew, under the lock it takes.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, Protocol, TypeVar

from django.db import connection, transaction

from profiles import activity, memberships, rows, waiting
from profiles.activity import Tallies
from profiles.attributes import Patch
from profiles.facets import changes
from profiles.locks import Lock, own_identities, share_identities
from profiles.patching import store
from profiles.rules import Entry, Identities, Key, State
from profiles.waiting import NEXT_PROFILE_ID

# Under the shared lock another call may win an id again and again; alone nobody can.
SHARED_ATTEMPTS = 3

_READ = """
SELECT i.kind, i.label, i.value, i.profile_id, i.state, p.external_id
FROM unnest(%s::smallint[], %s::text[], %s::text[]) AS named (kind, label, value)
JOIN profiles_identifier AS i
  ON i.value = named.value AND i.kind = named.kind AND i.label = named.label
 AND i.workspace_id = %s
LEFT JOIN profiles_profile AS p ON p.id = i.profile_id
"""

_PROFILES = """
SELECT id, external_id FROM profiles_profile
WHERE workspace_id = %s AND id = ANY(%s::bigint[])
"""

_ALL_OF = """
SELECT kind, label, value, profile_id, state FROM profiles_identifier
WHERE workspace_id = %s AND profile_id = ANY(%s::bigint[])
"""

_NUMBERS = f"SELECT {NEXT_PROFILE_ID} FROM generate_series(1, %s)"

_ADD = """
INSERT INTO profiles_identifier (workspace_id, kind, label, value, profile_id, state)
SELECT %s, kind, label, value, profile_id, state
FROM unnest(%s::smallint[], %s::text[], %s::text[], %s::bigint[], %s::smallint[])
  AS new (kind, label, value, profile_id, state)
ORDER BY kind, label COLLATE "C", value COLLATE "C"
ON CONFLICT DO NOTHING
"""

_LOCK = """
SELECT FROM profiles_identifier AS i
JOIN unnest(%s::smallint[], %s::text[], %s::text[]) AS named (kind, label, value)
  ON i.value = named.value AND i.kind = named.kind AND i.label = named.label
WHERE i.workspace_id = %s
ORDER BY i.kind, i.label, i.value FOR NO KEY UPDATE OF i
"""

# The predicate reads the row itself and nothing else, so it is checked again after waiting.
_CHANGE = """
UPDATE profiles_identifier AS i
SET profile_id = new.profile_id, state = new.state, last_named_at = NULL
FROM unnest(%s::smallint[], %s::text[], %s::text[],
            %s::bigint[], %s::smallint[], %s::bigint[], %s::smallint[])
  AS new (kind, label, value, profile_id, state, old_profile_id, old_state)
WHERE i.workspace_id = %s
  AND i.value = new.value AND i.kind = new.kind AND i.label = new.label
  AND i.profile_id = new.old_profile_id AND i.state = new.old_state
"""

_REMOVE = """
DELETE FROM profiles_identifier AS i
USING unnest(%s::smallint[], %s::text[], %s::text[], %s::bigint[], %s::smallint[])
  AS old (kind, label, value, profile_id, state)
WHERE i.workspace_id = %s
  AND i.value = old.value AND i.kind = old.kind AND i.label = old.label
  AND i.profile_id = old.profile_id AND i.state = old.state
"""


class Decided(Protocol):
    """What a decision leaves to write beside the identities, by profile id."""

    @property
    def patches(self) -> Mapping[int, Patch]: ...

    @property
    def tallies(self) -> Tallies: ...


D = TypeVar("D", bound=Decided)


class _StrongerLockNeeded(Exception):
    pass


class Outrun(Exception):
    """Another transaction won one of the ids meanwhile."""


def settle(
    workspace_id: int,
    *,
    keys: Iterable[Key],
    profile_ids: Iterable[int] = (),
    whole_users: bool = False,
    lock: Lock = share_identities,
    decide: Callable[[Identities], D],
    finish: Callable[[D], None] = lambda decided: None,
) -> D:
    """Let `decide` change the identities that `keys` and `profile_ids` name, and write that.

    With `whole_users` it sees all identifiers of those users. Whoever knows beforehand that
    ids change their meaning begins with the `lock` for that.

    `decide` may be called several times, each time with what the map says then; the last
    one counts. `finish` runs at the end of the same transaction, for its audit row.
    """
    named, profiles = sorted(set(keys)), sorted(set(profile_ids))
    attempts = 0
    while True:
        attempts += 1
        try:
            with transaction.atomic():
                lock(workspace_id)
                identities = read(workspace_id, named, profiles, whole_users=whole_users)
                decided = decide(identities)
                if identities.changes_meaning() and lock is not own_identities:
                    raise _StrongerLockNeeded
                write(workspace_id, identities, decided)
                finish(decided)
            return decided
        except _StrongerLockNeeded:
            lock = own_identities
        except Outrun:
            lock = own_identities if attempts >= SHARED_ATTEMPTS else lock


def read(
    workspace_id: int, keys: list[Key], profile_ids: list[int], *, whole_users: bool = False
) -> Identities:
    """What the map says of `keys`, and which of those profiles and `profile_ids` exist."""
    entries: dict[Key, Entry] = {}
    external_ids: dict[int, str | None] = {}
    with connection.cursor() as cursor:
        if keys:
            cursor.execute(_READ, [*_columns(keys), workspace_id])
            for kind, label, value, profile_id, state, external_id in cursor:
                entries[Key(kind, label, value)] = Entry(profile_id, state)
                if state != State.RESERVED:
                    external_ids[profile_id] = external_id
        if profile_ids:
            cursor.execute(_PROFILES, [workspace_id, profile_ids])
            external_ids.update(cursor.fetchall())
        if whole_users and external_ids:
            cursor.execute(_ALL_OF, [workspace_id, list(external_ids)])
            for kind, label, value, profile_id, state in cursor:
                entries[Key(kind, label, value)] = Entry(profile_id, state)
    return Identities(entries, external_ids)


def write(workspace_id: int, identities: Identities, decided: Decided) -> None:
    """Write what the rules changed: identifiers first, in the order of locks.

    Raises when another transaction won one of the ids since they were read.
    """
    numbers = _number(identities)

    def numbered(profile_id: int) -> int:
        return numbers.get(profile_id, profile_id)

    _write_identifiers(workspace_id, identities, numbered)
    claimed = len(identities.claimed())
    if claimed:
        waiting.record(workspace_id, -claimed)
    created = {numbered(profile): external for profile, external in identities.created.items()}
    patches = {numbered(profile_id): patch for profile_id, patch in decided.patches.items()}
    rows.create(workspace_id, created, patches)
    store(workspace_id, {pk: patch for pk, patch in patches.items() if pk not in created})
    rows.identify(workspace_id, identities.identified)
    rows.absorb(workspace_id, identities.absorbed)
    rows.delete(workspace_id, identities.deleted)
    changes.note(workspace_id, *_touches(identities, created, patches))
    activity.record(
        workspace_id, {numbered(profile_id): done for profile_id, done in decided.tallies.items()}
    )
    activity.merge(workspace_id, identities.absorbed)
    activity.drop(workspace_id, identities.deleted)
    memberships.merge_bits(
        workspace_id, [(source, numbered(target)) for source, target in identities.merged]
    )
    memberships.clear_bits(workspace_id, identities.left)


def _touches(
    identities: Identities, created: Collection[int], patches: Mapping[int, Patch]
) -> Iterator[changes.Touch]:
    """Whose values change, for `profiles.facets`. The patches have been stored."""
    yield [*created, *chain(*identities.absorbed), *identities.deleted], changes.EVERYTHING
    changed = {pk: patch for pk, patch in patches.items() if patch and pk not in created}
    names = {name for patch in changed.values() for name in (*patch.values, *patch.removed)}
    if names:
        yield changed, names
    before, after = identities.before, identities.after
    came = {after[key].profile_id for key in (*identities.added(), *identities.changed())}
    went = {before[key].profile_id for key in (*identities.changed(), *identities.removed())}
    yield (came | went) - identities.created.keys(), changes.NO_ATTRIBUTES


def _number(identities: Identities) -> dict[int, int]:
    """Ids from the sequence for new profiles that took no reserved one."""
    provisional = [profile_id for profile_id in identities.created if profile_id < 0]
    if not provisional:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_NUMBERS, [len(provisional)])
        return dict(zip(provisional, (number for (number,) in cursor), strict=True))


def _write_identifiers(
    workspace_id: int, identities: Identities, numbered: Callable[[int], int]
) -> None:
    after = identities.after
    with connection.cursor() as cursor:
        if added := identities.added():
            cursor.execute(
                _ADD, [workspace_id, *_columns(added), *_entries(added, after, numbered)]
            )
            if cursor.rowcount != len(added):
                raise Outrun
        changed, removed = identities.changed(), identities.removed()
        if changed or removed:
            cursor.execute(_LOCK, [*_columns(sorted(changed + removed)), workspace_id])
        if changed:
            old = _entries(changed, identities.before, numbered)
            new = _entries(changed, after, numbered)
            cursor.execute(_CHANGE, [*_columns(changed), *new, *old, workspace_id])
            if cursor.rowcount != len(changed):
                raise Outrun
        if removed:
            old = _entries(removed, identities.before, numbered)
            cursor.execute(_REMOVE, [*_columns(removed), *old, workspace_id])
            if cursor.rowcount != len(removed):
                raise Outrun


def _columns(keys: list[Key]) -> list[Any]:
    kinds, labels, values = zip(*keys, strict=True)
    return [[int(kind) for kind in kinds], list(labels), list(values)]


def _entries(
    keys: list[Key], entries: Mapping[Key, Entry], numbered: Callable[[int], int]
) -> list[list[int]]:
    """The entries of `keys` as columns of profile ids and states."""
    return [
        [numbered(entries[key].profile_id) for key in keys],
        [int(entries[key].state) for key in keys],
    ]
