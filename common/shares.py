"""A text cut into two shares, of which either alone says nothing about it.

For a secret that has to be shown on the next page and must be at rest nowhere: one share
waits on the server, the other in the person's browser. It is a one-time pad, so there is
no key to keep, and nothing for anybody to break who has only one of them.
"""

import secrets


def split(text: str) -> tuple[str, str]:
    """Two shares of `text`, in hexadecimal, and as long as one another."""
    plain = text.encode()
    pad = secrets.token_bytes(len(plain))
    return pad.hex(), _mix(plain, pad).hex()


def join(one: str, other: str) -> str:
    """The text that was split. Raises `ValueError` for what aren't its two shares."""
    first, second = bytes.fromhex(one), bytes.fromhex(other)
    if len(first) != len(second):
        raise ValueError("shares of different texts")
    return _mix(first, second).decode()


def _mix(one: bytes, other: bytes) -> bytes:
    return bytes(left ^ right for left, right in zip(one, other, strict=True))
