"""Which ids were deleted and when, for requests that were accepted before.

An upload takes effect when it is applied, but not on an id that was deleted since it was
accepted. A deletion clears its ids from every request that it sees. One that another
transaction is just about to accept it can't see: for those stays a keyed digest of the id.
"""

import hashlib
import hmac
import logging
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.conf import settings
from django.db import connection

from common.models import newest_pepper
from profiles.rules import Key

logger = logging.getLogger(__name__)

# Far longer than accepting a request takes, from its time of receipt to its commit.
KEPT_AT_LEAST = "1 hour"

# By the clock that times requests, at the very end of the deletion: a request that somebody
# sends once the deletion is acknowledged has a later time, one acknowledged before has none
# or an earlier one.
_RECORD = """
INSERT INTO profiles_deletedid (workspace_id, digest, pepper, deleted_at)
SELECT %s, digest, %s, clock_timestamp() FROM unnest(%s::bytea[]) AS deleted (digest)
"""

_SINCE = """
SELECT digest, pepper, deleted_at FROM profiles_deletedid
WHERE workspace_id = %s AND deleted_at > %s
"""

_DROP = f"""
DELETE FROM profiles_deletedid AS tombstone
WHERE deleted_at < now() - interval '{KEPT_AT_LEAST}' AND NOT EXISTS (
    SELECT FROM unnest(%s::bigint[], %s::timestamptz[]) AS pending (workspace_id, received_at)
    WHERE pending.workspace_id = tombstone.workspace_id
      AND pending.received_at < tombstone.deleted_at
)
"""


class Deletions:
    """The ids of a workspace that were deleted after some moment. Empty is falsy."""

    def __init__(self, workspace_id: int, rows: Iterable[tuple[bytes, int, datetime]]) -> None:
        self._workspace_id = workspace_id
        self._deleted_at: dict[int, dict[bytes, datetime]] = {}
        for stored, pepper, deleted_at in rows:
            by_digest = self._deleted_at.setdefault(pepper, {})
            known = by_digest.get(bytes(stored))
            by_digest[bytes(stored)] = max(deleted_at, known or deleted_at)
        for number in self._deleted_at.keys() - settings.PEPPERS.keys():
            logger.warning("deleted ids under pepper %s can't be told any more", number)

    def __bool__(self) -> bool:
        return bool(self._deleted_at)

    def last_of(self, key: Key) -> datetime | None:
        """When that id was deleted last; None when it wasn't."""
        times = [
            by_digest.get(digest(self._workspace_id, key, settings.PEPPERS[number]))
            for number, by_digest in self._deleted_at.items()
            if number in settings.PEPPERS
        ]
        return max(filter(None, times), default=None)


def digest(workspace_id: int, key: Key, pepper: bytes) -> bytes:
    """HMAC-SHA-256 of the id: tells it again to whoever has the pepper, and nothing else.

    No id has a NUL, so that no two ids are written alike; nor has any other text that is
    digested under a pepper.
    """
    text = f"deleted id\0{workspace_id}\0{int(key.kind)}\0{key.label}\0{key.value}"
    return hmac.digest(pepper, text.encode(), hashlib.sha256)


def record(workspace_id: int, keys: Iterable[Key]) -> None:
    """Note that these ids are deleted, as the last thing of the transaction that does it."""
    number, pepper = newest_pepper()
    digests = [digest(workspace_id, key, pepper) for key in keys]
    if not digests:
        return
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, [workspace_id, number, digests])


def since(workspace_id: int, moment: datetime) -> Deletions:
    """What was deleted after that moment: nothing, nearly always, and one index probe then."""
    with connection.cursor() as cursor:
        cursor.execute(_SINCE, [workspace_id, moment])
        return Deletions(workspace_id, cursor.fetchall())


def drop(pending_since: Mapping[int, datetime]) -> int:
    """Forget the deletions that no request can meet any more; how many those were.

    `pending_since` says when the oldest request that is still to be applied was received,
    by workspace.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DROP, [list(pending_since), list(pending_since.values())])
        dropped: int = cursor.rowcount
    return dropped
