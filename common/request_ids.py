"""The id of a request, which its answer carries as `X-Request-Id`.

It begins with the moment (a UUID of version 7, RFC 9562), so that what is kept by time is
found by the id too: nothing that is stored on the way needs an index of its own for it.
"""

import secrets
import time
from datetime import UTC, datetime
from uuid import UUID

_RANDOM_BITS = 80
_LATEST = datetime(9999, 1, 1, tzinfo=UTC).timestamp()  # which leaves room to add to it
_VERSION = 7 << 76
_VARIANT = 2 << 62
_FIXED = 15 << 76 | 3 << 62


def new() -> UUID:
    moment = time.time_ns() // 1_000_000 << _RANDOM_BITS
    rest = secrets.randbits(_RANDOM_BITS) & ~_FIXED
    return UUID(int=moment | rest | _VERSION | _VARIANT)


def moment(request_id: UUID) -> datetime | None:
    """When it was made, to the millisecond; None where it isn't one of ours."""
    seconds = (request_id.int >> _RANDOM_BITS) / 1000
    if request_id.version != 7 or seconds > _LATEST:
        return None
    return datetime.fromtimestamp(seconds, UTC)
