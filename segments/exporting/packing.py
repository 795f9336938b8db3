"""A file compressed while it is sent: nothing of it is held but what is under way."""

import io
import zlib
from collections.abc import Iterable, Iterator
from typing import Literal
from zipfile import ZIP_DEFLATED, ZipFile

Packing = Literal["zip", "gzip", "none"]

ENDINGS: dict[Packing, str] = {"zip": ".zip", "gzip": ".gz", "none": ""}
# Text shrinks to a third in 10 ms a mebibyte; more takes much longer.
_LEVEL = 1
_GZIP = 16 + zlib.MAX_WBITS


def pack(name: str, chunks: Iterable[bytes], packing: Packing) -> Iterator[bytes]:
    """The chunks, packed; in a zip archive they are the file of that name."""
    if packing == "gzip":
        return _gzipped(chunks)
    return _zipped(name, chunks) if packing == "zip" else iter(chunks)


def _gzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    press = zlib.compressobj(_LEVEL, wbits=_GZIP)
    for chunk in chunks:
        yield press.compress(chunk)
    yield press.flush()


def _zipped(name: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
    out = _Outbox()
    with ZipFile(out, "w", ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        with archive.open(name, "w", force_zip64=True) as file:
            for chunk in chunks:
                file.write(chunk)
                yield out.drain()
        yield out.drain()
    yield out.drain()


class _Outbox(io.RawIOBase):
    """What a writer has written since somebody looked. It can't be sought in, so that `ZipFile`
    writes sizes behind the file and not back into its head.
    """

    def __init__(self) -> None:
        self._waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, content: bytes) -> int:  # type: ignore[override]
        self._waiting += content
        return len(content)

    def drain(self) -> bytes:
        drained = bytes(self._waiting)
        self._waiting.clear()
        return drained
