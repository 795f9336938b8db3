"""Advisory locks of PostgreSQL, each kind in a namespace of its own.

They are all here so that no two kinds meet: of two that share a namespace, whoever saves a
segment waits for an import. The key is the id of what is locked.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum, unique

from django.db import InterfaceError, OperationalError, connection

# A claim's session is ended by PostgreSQL when its holder has been silent for so long.
MOST_IDLE = "60s"

_CLAIMED = """
SELECT count(*) FROM pg_locks
 WHERE locktype = 'advisory' AND classid = %s AND objsubid = 2 AND granted
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@unique
class Namespace(IntEnum):
    """Counted from 0x5153, "QS", so as to keep out of the way of anybody else's locks."""

    IDENTITIES = 0x5153
    FOLDING = 0x5154
    ALIASES = 0x5155
    SEGMENTS = 0x5156
    JOBS = 0x5157
    FACETS = 0x5158
    SIZES = 0x5159
    SENDING = 0x515A
    BATCHES = 0x515B
    LAUNCHING = 0x515C
    ADDRESSES = 0x515D


def hold(namespace: Namespace, key: int, *, shared: bool = False) -> None:
    """Wait for the lock and keep it until the transaction ends.

    Raises `RuntimeError` outside of one.
    """
    function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    _within_a_transaction()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", [namespace, key])


def try_hold(namespace: Namespace, key: int) -> bool:
    """The lock until the transaction ends, if nobody has it; whether it was free."""
    _within_a_transaction()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [namespace, key])
        return bool(cursor.fetchone()[0])


@contextmanager
def claim(namespace: Namespace, key: int) -> Iterator[bool]:
    """Whether the lock is ours until the end of the block, over any number of transactions.

    A killed holder's claim ends with its connection, and a frozen one's when PostgreSQL ends
    a session that has been idle for `MOST_IDLE`.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_lock(%s, %s), current_setting('idle_session_timeout')",
            [namespace, key],
        )
        taken, idle_before = cursor.fetchone()
    if not taken:
        yield False
        return
    try:
        _end_when_idle_for(MOST_IDLE)
        yield True
    finally:
        _release(namespace, key, idle_before)


def _end_when_idle_for(period: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('idle_session_timeout', %s, false)", [period])


def _release(namespace: Namespace, key: int, idle_before: str) -> None:
    """Inside another claim, the session goes on to be ended when it is idle."""
    try:
        _end_when_idle_for(idle_before)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [namespace, key])
    except (OperationalError, InterfaceError):
        connection.close()  # and the claim with it


def claimed(namespace: Namespace) -> int:
    """How many claims of that kind there are in all sessions."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIMED, [namespace])
        return int(cursor.fetchone()[0])


def _within_a_transaction() -> None:
    if not connection.in_atomic_block:
        raise RuntimeError("This lock lives as long as its transaction: open one first.")
