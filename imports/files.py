"""What can be wrong with a file as such, before anybody looks at its rows."""

import zlib
from collections.abc import Iterable, Iterator
from itertools import chain

from django.utils.translation import gettext as _

# A zip bomb grows a thousandfold, text about tenfold.
MOST_GROWTH = 200
# Below this, growth harms nobody.
HARMLESS = 64 * 1024 * 1024
_AT_ONCE = 1024 * 1024


class InvalidFile(ValueError):
    """Says in a sentence for people why the file can't be taken, or not any further."""


def unzip(chunks: Iterable[bytes], *, most: int | None = None) -> Iterator[bytes]:
    """The chunks, unzipped where they are gzip; never more than a mebibyte at once.

    Raises `InvalidFile` for a gzip that is damaged or cut off, that grows as no table
    does, or to more than `most` bytes.
    """
    parts = iter(chunks)
    first = b""
    while len(first) < 2 and (part := next(parts, b"")):
        first += part
    everything = chain([first], parts)
    plain = _unzip(everything) if first[:2] == b"\x1f\x8b" else everything
    taken = 0
    for chunk in plain:
        taken += len(chunk)
        if most is not None and taken > most:
            raise InvalidFile(
                _("Unzipped, the file is larger than %(size)s: split it.")
                % {"size": in_words(most)}
            )
        yield chunk


def _unzip(chunks: Iterable[bytes]) -> Iterator[bytes]:
    zipped = plain = 0
    unzipper, untouched = _new(), True
    try:
        for chunk in chunks:
            zipped += len(chunk)
            while chunk:
                # A gzip may have several members, and zeros behind the last.
                if untouched and not (chunk := chunk.lstrip(b"\0")) and plain:
                    break
                piece = unzipper.decompress(chunk, _AT_ONCE)
                untouched = False
                plain += len(piece)
                if plain > max(HARMLESS, zipped * MOST_GROWTH):
                    raise InvalidFile(
                        _("The gzip file grows more than %(times)s times: that is no table.")
                        % {"times": MOST_GROWTH}
                    )
                yield piece
                chunk = unzipper.unconsumed_tail
                if unzipper.eof:
                    chunk, unzipper, untouched = unzipper.unused_data, _new(), True
    except zlib.error:
        raise InvalidFile(_("The gzip file is damaged: make it anew.")) from None
    if not untouched:
        raise InvalidFile(_("The gzip file is cut off: its end is missing."))


def _new() -> "zlib._Decompress":
    return zlib.decompressobj(wbits=31)


def check_text(start: bytes) -> None:
    """Raise `InvalidFile` when the first bytes say that this isn't text in UTF-8."""
    if not start:
        raise InvalidFile(_("The file is empty."))
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in start[:4]:
        raise InvalidFile(_("The file is in UTF-16: save it as UTF-8."))
    if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise InvalidFile(_("This is a spreadsheet or a zip file: save it as CSV."))


def in_words(size: int) -> str:
    """A limit as people write it: 2 GiB."""
    for exponent, unit in ((3, "GiB"), (2, "MiB"), (1, "KiB")):
        if size >= 1024**exponent:
            return f"{size / 1024**exponent:g} {unit}"
    return f"{size} B"
