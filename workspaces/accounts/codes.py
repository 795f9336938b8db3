"""Recovery codes and what surrounds a second factor's secret. No database here."""

import base64
import hashlib
import hmac
import re
import secrets
from io import BytesIO
from urllib.parse import quote, urlencode

import segno

ISSUER = "Quayside"
SECRET_BYTES = 20
DIGITS = 6
RECOVERY_CODES = 10

# Without characters that are taken for one another. Twelve of them carry 60 bits.
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
_GROUP, _GROUPS = 4, 3


def new_secret() -> bytes:
    return secrets.token_bytes(SECRET_BYTES)


def as_text(secret: bytes) -> str:
    """How an app takes it when it is typed: base 32, in groups of four."""
    text = base64.b32encode(secret).decode()
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def address(secret: bytes, username: str) -> str:
    """What the picture says, as apps agreed on it."""
    label = quote(f"{ISSUER}:{username}")
    asked = urlencode({"secret": base64.b32encode(secret).decode(), "issuer": ISSUER})
    return f"otpauth://totp/{label}?{asked}"


def picture(text: str) -> str:
    """A QR code as SVG that stands in a page, dark on light whatever the theme."""
    svg = BytesIO()
    segno.make(text, error="m", micro=False).save(
        svg, kind="svg", xmldecl=False, svgns=True, omitsize=True, dark="#000", light="#fff"
    )
    return svg.getvalue().decode()


def new_recovery_codes() -> list[str]:
    return [_recovery_code() for _ in range(RECOVERY_CODES)]


def digest(code: str, pepper: bytes) -> bytes:
    """What is stored of a recovery code, however it was typed."""
    return hmac.new(pepper, b"recovery " + _plain(code).encode(), hashlib.sha256).digest()


def looks_like_recovery(code: str) -> bool:
    return len(_plain(code)) == _GROUP * _GROUPS


def number(code: str) -> int | None:
    """The number that an app showed, spaces or not; None for anything else."""
    text = re.sub(r"\s", "", code)
    return int(text) if re.fullmatch(rf"[0-9]{{{DIGITS}}}", text) else None


def _recovery_code() -> str:
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def _plain(code: str) -> str:
    return re.sub(r"[\s-]", "", code).lower()
