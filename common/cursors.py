from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg.pq import Format


@contextmanager
def binary_cursor() -> Iterator[CursorWrapper]:
    """A cursor for bitmaps: in text they would arrive as hexadecimal digits, twice as long."""
    with connection.cursor() as cursor:
        cursor.cursor.format = Format.BINARY
        yield cursor
