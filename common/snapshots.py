from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from psycopg import Connection, IsolationLevel
from psycopg.pq import TransactionStatus


@contextmanager
def snapshot() -> Iterator[None]:
    """Everything read inside sees the database at one moment.

    For answers that put several reads side by side: a size that goes with its `pending`,
    blocks that go with the changes not folded into them yet.
    """
    if connection.in_atomic_block:
        # A test's outer transaction, or a caller's: isolation can't change any more.
        yield
        return
    connection.ensure_connection()
    with _steady(connection.connection), transaction.atomic():
        yield


@contextmanager
def _steady(session: Connection[object]) -> Iterator[None]:
    """What begins inside is REPEATABLE READ and READ ONLY, and says so with its BEGIN.

    A statement of its own would be one more round trip, of seven that a reach takes.
    """
    before = session.isolation_level, session.read_only
    session.isolation_level, session.read_only = IsolationLevel.REPEATABLE_READ, True
    try:
        yield
    finally:
        if session.info.transaction_status == TransactionStatus.IDLE:  # else it is of no more use
            session.isolation_level, session.read_only = before
