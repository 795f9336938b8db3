"""The format of Quayside's keys, and how one is checked. No database here.

`qs_<kind>_<id>_<secret><checksum>`: the kind tells what the key opens, the public id
finds its row, 40 base-62 characters of secret carry 238 bits, and a CRC-32 lets a bad
paste be refused without a query and lets scanners recognise a leaked key.
"""

import hashlib
import hmac
import re
import secrets
import string
import zlib
from dataclasses import dataclass
from enum import StrEnum

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
ID_LENGTH = 12
SECRET_LENGTH = 40
CHECKSUM_LENGTH = 6


class KeyKind(StrEnum):
    PARTNER_API = "pak"
    DATA_IMPORT = "dik"
    REST_API = "rak"
    # Opens a team, once: the end of the link that an invited person follows.
    INVITATION = "inv"


KINDS = "|".join(KeyKind)

_SHAPE = re.compile(
    rf"qs_({KINDS})_([0-9A-Za-z]{{{ID_LENGTH}}})_"
    rf"([0-9A-Za-z]{{{SECRET_LENGTH}}})([0-9A-Za-z]{{{CHECKSUM_LENGTH}}})",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class ParsedKey:
    """A key that is well formed; whether it opens anything is for its row to say."""

    kind: KeyKind
    public_id: str
    text: str

    def __repr__(self) -> str:
        return f"ParsedKey({self.prefix}…)"

    @property
    def prefix(self) -> str:
        """What lists and logs may show: kind and public id, nothing of the secret."""
        return f"qs_{self.kind}_{self.public_id}"

    @property
    def last_four(self) -> str:
        return self.text[-4:]


def generate(kind: KeyKind) -> ParsedKey:
    public_id = _random(ID_LENGTH)
    body = f"qs_{kind}_{public_id}_{_random(SECRET_LENGTH)}"
    return ParsedKey(kind, public_id, body + _checksum(body))


def parse(text: object, kind: KeyKind) -> ParsedKey | None:
    """The key in `text`, or None when it isn't one of that kind or its checksum is off."""
    if not isinstance(text, str):
        return None
    match = _SHAPE.fullmatch(text)
    if match is None or match[1] != kind:
        return None
    if _checksum(text[:-CHECKSUM_LENGTH]) != match[4]:
        return None
    return ParsedKey(kind, match[2], text)


def digest(key: ParsedKey, pepper: bytes) -> bytes:
    """HMAC-SHA-256 of the whole key, 32 bytes: what is stored instead of it."""
    return hmac.new(pepper, key.text.encode(), hashlib.sha256).digest()


def matches(key: ParsedKey, stored: bytes | None, pepper: bytes | None) -> bool:
    """Compare in constant time; without a row, against a dummy, so that both cost the same."""
    computed = digest(key, pepper or b"no such key")
    expected = stored if stored is not None and pepper is not None else b"\0" * 32
    return hmac.compare_digest(computed, expected) and stored is not None


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def _checksum(body: str) -> str:
    number = zlib.crc32(body.encode())
    digits = []
    for _ in range(CHECKSUM_LENGTH):
        number, index = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[index])
    return "".join(reversed(digits))
