"""Secrets that have to be read again, encrypted under a pepper: a stolen database says nothing.

A key is digested instead (`common.keyring`); this is for what a computation needs in clear, as
the secret of a second factor. Stored is the number of the pepper beside what was sealed, so
that peppers can be rotated as they are for keys.
"""

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from common.models import newest_pepper


class CannotOpen(ValueError):
    """What was sealed can't be read: its pepper is no longer configured, or it was altered."""


def seal(secret: bytes) -> tuple[int, bytes]:
    """The number of the newest pepper, and `secret` encrypted and signed under it."""
    number, pepper = newest_pepper()
    return number, _cipher(pepper).encrypt(secret)


def unseal(number: int, sealed: "bytes | memoryview[int]") -> bytes:
    """What was sealed. Raises `CannotOpen`."""
    pepper = settings.PEPPERS.get(number)
    if pepper is None:
        raise CannotOpen(f"pepper {number} is missing")
    try:
        return _cipher(pepper).decrypt(bytes(sealed))
    except InvalidToken as error:
        raise CannotOpen("altered") from error


def _cipher(pepper: bytes) -> Fernet:
    """Under a key of its own: the pepper itself goes on digesting keys."""
    derived = HKDF(SHA256(), 32, salt=None, info=b"quayside sealing").derive(pepper)
    return Fernet(base64.urlsafe_b64encode(derived))
