"""Files in PostgreSQL, in pieces that are written and read one at a time."""

import zlib
from collections.abc import Iterable, Iterator

from django.db import connection

from imports.models import Piece, Role

SIZE = 1024 * 1024
# Text shrinks to a third in 10 ms a mebibyte; more takes longer than writing saves.
_LEVEL = 1

_NEXT = """
SELECT number, content FROM imports_piece
 WHERE job_id = %s AND role = %s AND number >= %s ORDER BY number LIMIT 1
"""


def write(job_id: int, role: Role, chunks: Iterable[bytes]) -> int:
    """Keep the chunks as that file of the job; how many bytes they are."""
    total = 0
    for number, piece in enumerate(_cut(chunks)):
        append(job_id, role, number, piece)
        total += len(piece)
    return total


def append(job_id: int, role: Role, number: int, content: bytes) -> None:
    """Keep one piece, behind all with a smaller number."""
    Piece.objects.create(
        job_id=job_id, role=role, number=number, content=zlib.compress(content, _LEVEL)
    )


def read(job_id: int, role: Role, offset: int = 0) -> Iterator[bytes]:
    """The file from that byte on. Another offset than 0 is for inputs only."""
    number, skipped = divmod(offset, SIZE)
    while (found := _next(job_id, role, number)) is not None:
        number, content = found[0] + 1, zlib.decompress(found[1])
        yield content[skipped:]
        skipped = 0


def exist(job_id: int, role: Role) -> bool:
    return Piece.objects.filter(job_id=job_id, role=role).exists()


def delete(job_id: int, role: Role) -> None:
    Piece.objects.filter(job_id=job_id, role=role).delete()


def _next(job_id: int, role: Role, number: int) -> tuple[int, bytes] | None:
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [job_id, role, number])
        row: tuple[int, bytes] | None = cursor.fetchone()
    return row


def _cut(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of `SIZE`."""
    rest = bytearray()
    for chunk in chunks:
        rest += chunk
        while len(rest) >= SIZE:
            yield bytes(rest[:SIZE])
            del rest[:SIZE]
    if rest:
        yield bytes(rest)
