"""What a log may show of what a client sent: no secret, nothing invisible or endless. Pure."""

import re

from common.keys import ID_LENGTH, KeyKind
from common.redaction import without_keys

_PREFIXES = {
    kind: re.compile(rf"qs_{kind}_[0-9A-Za-z]{{{ID_LENGTH}}}(?![0-9A-Za-z])".encode())
    for kind in KeyKind
}


def plain(text: str, *, most: int) -> str:
    """`text` on one line of at most `most` characters, with no more of a key than its prefix.

    Whatever doesn't print becomes a replacement character: line breaks and NUL, and the
    marks that turn the direction of writing, by which a log line could pose as another.
    """
    redacted = without_keys(text)
    printable = "".join(each if each.isprintable() else "\ufffd" for each in redacted[: most + 1])
    return printable if len(printable) <= most else f"{printable[: most - 1]}…"


def prefix_in(body: bytes, kind: KeyKind) -> str:
    """Prefix of the first key of that kind in a body, were it even no JSON; empty without one."""
    found = _PREFIXES[kind].search(body)
    return found[0].decode() if found else ""
