"""Store users by the batch: two COPYs and a handful of statements, whatever the batch's size.

Every row names its user by one id, so a waiting id is taken by the new user as it is, and
no bit ever moves: the shared identity lock will do. New profiles go straight into the
blocks of `known`, once a batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, connection, transaction
from pyroaring import BitMap64

from common.arrays import TextArray
from profiles import known, waiting
from profiles.facets import changes
from profiles.identities import Outrun
from profiles.importing import copying, documents
from profiles.importing.batches import Batch, Numbered, User
from profiles.locks import share_identities
from profiles.rules import Kind, State

# Probing the map in its own order beats every other plan, whatever the planner makes of
# tables without statistics: left to itself it read the whole map again for every row.
# Commits needn't reach the disk one by one: the last one does, and takes all others along.
_LOCAL_SETTINGS = """
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off;
SET LOCAL enable_seqscan = off;
SET LOCAL enable_bitmapscan = off;
SET LOCAL enable_material = off;
SET LOCAL jit = off;
SET LOCAL lock_timeout = 0;
SET LOCAL synchronous_commit = off;
"""

# OFFSET 0 keeps the planner from turning the probes round. Ids of a kind without labels come
# without: `unnest` fills the shorter array up with NULL.
_FIND = """
SELECT named.position - 1, i.profile_id, i.state
FROM unnest(%(labels)s, %(values)s) WITH ORDINALITY AS named (label, value, position)
CROSS JOIN LATERAL (
    SELECT profile_id, state FROM profiles_identifier AS i
    WHERE i.value = named.value AND i.kind = %(kind)s AND i.label = coalesce(named.label, '')
      AND i.workspace_id = %(workspace)s
    OFFSET 0
) AS i
"""

_NUMBERS = f"SELECT array_agg({waiting.NEXT_PROFILE_ID}) FROM generate_series(1, %s)"

# Locks the waiting ids in their order, then makes them their users'. One that changed while
# we waited for it isn't found where it is now. OFFSET 0 keeps this order, whatever statistics
# say: when they knew of nobody who waits, 100,000 claims took more than a minute.
_CLAIM = f"""
UPDATE profiles_identifier AS i SET state = {State.LIVE}, last_named_at = NULL
FROM (
    SELECT locked.place
    FROM unnest(%(labels)s, %(values)s, %(profile_ids)s::bigint[])
      AS named (label, value, profile_id)
    CROSS JOIN LATERAL (
        SELECT i.ctid AS place FROM profiles_identifier AS i
        WHERE i.value = named.value AND i.kind = %(kind)s AND i.label = coalesce(named.label, '')
          AND i.workspace_id = %(workspace)s
          AND i.profile_id = named.profile_id AND i.state NOT IN ({State.LIVE}, {State.MUTED})
        OFFSET 0 FOR NO KEY UPDATE
    ) AS locked
    OFFSET 0
) AS reserved
WHERE i.ctid = reserved.place
"""


@dataclass(slots=True)
class Stored:
    """What became of a batch's users; `muted` are the lines of devices that aren't free."""

    created: int
    updated: int
    muted: list[int]


@dataclass(slots=True)
class _Met:
    """A batch's users by what the map says of their ids, with the profile ids it gives."""

    new: list[User] = field(default_factory=list)
    waiting: list[Numbered] = field(default_factory=list)
    existing: list[Numbered] = field(default_factory=list)
    muted: list[int] = field(default_factory=list)


def store(workspace_id: int, batch: Batch) -> Stored:
    """Create and update the batch's users, all or none of them, in the caller's transaction.

    Begins anew when another transaction won one of the ids meanwhile.
    """
    share_identities(workspace_id)
    while True:
        try:
            with transaction.atomic():
                return _store(workspace_id, batch)
        except Outrun:
            continue


def _store(workspace_id: int, batch: Batch) -> Stored:
    with connection.cursor() as cursor:
        cursor.execute(_LOCAL_SETTINGS)
    met = _meet(workspace_id, batch)
    created = _add(workspace_id, batch.kind, met.new) + met.waiting
    if met.waiting:
        _claim(workspace_id, batch.kind, met.waiting)
    if created:
        identified = batch.kind == Kind.EXTERNAL_ID
        documents.create(workspace_id, created, identified=identified, removes=batch.removes)
    updated = []
    if met.existing:
        said = [
            (profile_id, line)
            for profile_id, user in met.existing
            for line in batch.repeated.get(user[:2], [user])
        ]
        updated = documents.merge(workspace_id, said, removes=batch.removes)
    new = BitMap64([profile_id for profile_id, _user in created])
    known.write_blocks(workspace_id, new)
    changes.note(workspace_id, (new | BitMap64(updated), changes.EVERYTHING))
    return Stored(len(created), len(met.existing), sorted(met.muted))


def _meet(workspace_id: int, batch: Batch) -> _Met:
    with connection.cursor() as cursor:
        cursor.execute(_FIND, _names(workspace_id, batch.kind, batch.users))
        found = {position: (profile_id, state) for position, profile_id, state in cursor}
    if not found:
        return _Met(new=batch.users)
    met = _Met()
    for position, user in enumerate(batch.users):
        profile_id, state = found.get(position, (0, 0))
        if not profile_id:
            met.new.append(user)
        elif state == State.MUTED:
            met.muted.append(user[2])
        else:
            (met.waiting if state == State.RESERVED else met.existing).append((profile_id, user))
    return met


def _names(workspace_id: int, kind: Kind, users: Sequence[User]) -> dict[str, Any]:
    return {
        "workspace": workspace_id,
        "kind": kind.value,
        "labels": TextArray([user[0] for user in users] if kind == Kind.ALIAS else []),
        "values": TextArray([user[1] for user in users]),
    }


def _add(workspace_id: int, kind: Kind, users: Sequence[User]) -> list[Numbered]:
    """Give ids that nobody has to users with fresh profile ids, which are returned.

    Raises `Outrun`.
    """
    if not users:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_NUMBERS, [len(users)])
        numbered = list(zip(cursor.fetchone()[0], users, strict=True))
    try:
        copying.identifiers(workspace_id, kind, numbered)
    except IntegrityError as error:
        raise Outrun from error
    return numbered


def _claim(workspace_id: int, kind: Kind, users: Sequence[Numbered]) -> None:
    """Waiting ids are their users' from now on. Raises `Outrun`."""
    parameters = _names(workspace_id, kind, [user for _profile_id, user in users])
    parameters["profile_ids"] = [profile_id for profile_id, _user in users]
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, parameters)
        if cursor.rowcount != len(users):
            raise Outrun
    waiting.record(workspace_id, -len(users))


def tend(*, seconds: int) -> None:
    """Leave the map as fast to probe as it gets; outside any transaction. 0 seconds: no limit.

    Index-only probes need the visibility map that VACUUM writes.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SET statement_timeout = '{seconds:d}s'")
        try:
            cursor.execute("VACUUM (ANALYZE) profiles_identifier")
            cursor.execute("ANALYZE profiles_profile")
        finally:
            cursor.execute("RESET statement_timeout")
