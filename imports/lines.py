"""Text out of a file's bytes, by whole lines and in bounded memory, that knows where it is."""

import io
from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _

from imports.files import InvalidFile, in_words

# No line may be longer, and no row may, however many lines its cells have.
LONGEST_ROW = 512 * 1024
MARK = b"\xef\xbb\xbf"  # the byte-order mark of UTF-8


def blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes, cut behind line ends.

    Raises `InvalidFile` for a line that is too long.
    """
    rest = b""
    for chunk in chunks:
        rest = rest + chunk if rest else chunk
        if end := _last_line_end(rest):
            yield rest[:end]
            rest = rest[end:]
        if len(rest) > LONGEST_ROW:
            raise too_long()
    if rest:
        yield rest


def _last_line_end(data: bytes) -> int:
    """Behind the last line that is whole; 0 when none is."""
    if end := data.rfind(b"\n") + 1:
        return end
    return data.rfind(b"\r", 0, -1) + 1  # the last byte's \n may be yet to come


class TooLong(InvalidFile):
    """A line is, or a row is."""


def too_long(line: int | None = None) -> TooLong:
    size = in_words(LONGEST_ROW)
    if line is None:
        return TooLong(
            _("A line is longer than %(size)s: is this a file with one user a line?")
            % {"size": size}
        )
    return TooLong(
        _(
            "The row at line %(line)s is longer than %(size)s, or a quotation mark is never"
            " closed. Nothing from there on was stored: mend it, and import the file again."
        )
        % {"line": f"{line:,}", "size": size}
    )


class Lines:
    """Lines as the csv module wants them: with their ends, and bytes that aren't UTF-8 escaped.

    `offset` is where the next line starts in the file, in bytes. Iterating raises
    `InvalidFile` for a line that is too long, and when more than `most` bytes are drawn
    after `mark` was called.
    """

    def __init__(self, chunks: Iterable[bytes], offset: int = 0) -> None:
        self.ended = False
        self._blocks = blocks(chunks)
        self._text = io.StringIO()
        self._start = self._marked = offset
        self._size = self._most = 0

    @property
    def offset(self) -> int:
        return self._start + len(encode(self._text.getvalue()[: self._text.tell()]))

    @property
    def near(self) -> int:
        """About the offset, and quick to tell."""
        return self._start + self._text.tell()

    def mark(self, most: int) -> None:
        self._marked, self._most = self.near, most

    def __iter__(self) -> Iterator[str]:
        for block in self._blocks:
            self._start += self._size
            if self._start - self._marked > self._most:
                raise too_long()
            skipped = len(MARK) if not self._start and block.startswith(MARK) else 0
            self._start += skipped
            self._size = len(block) - skipped
            self._text = io.StringIO(decode(block[skipped:]), newline="")
            yield from self._text
        self.ended = True


def decode(text: bytes) -> str:
    """Bytes that aren't UTF-8 become surrogates, so that only their row is rejected."""
    return text.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
