"""Answer a repeated request as the first one, when the client says that it repeats it.

`Idempotency-Key` names the request for 72 hours, per workspace and partner. Its body is
compared by a digest that leaves the two keys out, so that a retry after a rotation still
matches. Without the header nothing is deduplicated.
"""

import hashlib
import hmac
import re

from django.conf import settings
from django.db import connection

from common.errors import BadRequest, Unprocessable
from partners.authentication import Caller

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
_VISIBLE_ASCII = re.compile(r"[!-~]{1,255}", re.ASCII)

CLAIM = """
INSERT INTO partners_idempotencyrecord (workspace_id, partner_id, key, body_digest)
VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING true
"""
FIND = """
SELECT body_digest FROM partners_idempotencyrecord
 WHERE workspace_id = %s AND partner_id = %s AND key = %s
"""


def check(key: str) -> None:
    """Raises `BadRequest` for a key that can't be one."""
    if not _VISIBLE_ASCII.fullmatch(key):
        raise BadRequest(f"{HEADER} must be 1 to 255 visible ASCII characters")


def claim(caller: Caller, key: str, *parts: bytes) -> bool:
    """Whether this request is the first under its key; False means: answer it as the first.

    Belongs in the transaction that stores the request. A twin under way at the same time
    waits here until that one commits. `parts` are the path and the body without its keys.

    Raises `Unprocessable` when the key came with another body before.
    """
    digest = _digest(parts)
    scope: list[int | str | bytes] = [caller.workspace_id, caller.partner_id, key]
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [*scope, digest])
        if cursor.fetchone():
            return True
        cursor.execute(FIND, scope)
        row = cursor.fetchone()
    if row is None or not hmac.compare_digest(bytes(row[0]), digest):
        raise Unprocessable(f"{HEADER} was used with another body")
    return False


def _digest(parts: tuple[bytes, ...]) -> bytes:
    """Keyed, because a body's ids are personal and short enough to guess from a plain hash."""
    framed = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return hmac.new(settings.SECRET_KEY.encode(), framed, hashlib.sha256).digest()
