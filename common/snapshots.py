from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


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
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield
