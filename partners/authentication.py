"""Who is calling: both keys of a partner's request, checked with one query.

Nothing is cached, so that invalidating a key is exact: the very next request, on every
process, finds it refused.
"""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection

from common import keys
from common.errors import NotFound, Unauthorized
from common.keys import KeyKind, ParsedKey
from partners.limits import Quota

INVALID_PARTNER_KEY = "Invalid Partner API key"
INVALID_SECRET = "Invalid client secret"  # noqa: S105  # an error text
NOT_ENABLED = "Partner not enabled for client"

# One row, found by the slug; each key joins in only if it belongs to that partner.
LOOK_UP = """
SELECT partner.id,
       api_key.digest, api_key.pepper,
       (api_key.invalidated_at IS NULL
        AND (api_key.expires_at IS NULL OR api_key.expires_at > now())),
       secret.digest, secret.pepper,
       (secret.invalidated_at IS NULL
        AND (secret.expires_at IS NULL OR secret.expires_at > now())),
       secret.id, secret.workspace_id,
       api_key.id,
       api_key.last_used_at IS NULL OR secret.last_used_at IS NULL
       OR least(api_key.last_used_at, secret.last_used_at) < now() - interval '1 minute',
       integration.id IS NOT NULL AND integration.disabled_at IS NULL,
       (SELECT coalesce(sum(accepted), 0) FROM partners_requestcount AS counted
         WHERE counted.workspace_id = secret.workspace_id
           AND counted.partner_id = partner.id
           AND counted.hour = date_trunc('hour', now(), 'UTC'))
FROM partners_partner AS partner
LEFT JOIN partners_partnerapikey AS api_key
       ON api_key.partner_id = partner.id AND api_key.public_id = %s
LEFT JOIN partners_dataimportkey AS secret
       ON secret.partner_id = partner.id AND secret.public_id = %s
LEFT JOIN partners_integration AS integration
       ON integration.partner_id = partner.id
      AND integration.workspace_id = secret.workspace_id
WHERE partner.slug = %s
"""


@dataclass(frozen=True, slots=True)
class Caller:
    """A partner acting for one workspace, and by which data import key."""

    partner_id: int
    workspace_id: int
    key_id: int
    partner_key_id: int
    quota: Quota
    # Whether the keys' last use was long enough ago to be worth writing again.
    stale_last_use: bool
    address: str | None = None


def authenticate(
    slug: str, partner_api_key: object, client_secret: object, *, address: str | None = None
) -> Caller:
    """The caller that both keys speak for.

    Raises `NotFound` for a partner that doesn't exist, and `Unauthorized` for keys that
    don't open it: one text for unknown, invalidated, expired and another partner's.
    """
    api_key = keys.parse(partner_api_key, KeyKind.PARTNER_API)
    secret = keys.parse(client_secret, KeyKind.DATA_IMPORT)
    row = _look_up(slug, api_key, secret)
    if row is None:
        raise NotFound
    (partner_id, api_digest, api_pepper, api_live, digest, pepper, live) = row[:7]
    (key_id, workspace_id, api_key_id, stale_last_use, enabled, accepted) = row[7:]
    if not (_opens(api_key, api_digest, api_pepper) and api_live):
        raise Unauthorized(INVALID_PARTNER_KEY)
    if not (_opens(secret, digest, pepper) and live):
        raise Unauthorized(INVALID_SECRET)
    if not enabled:
        raise Unauthorized(NOT_ENABLED)
    quota = Quota(settings.PARTNER_REQUESTS_PER_HOUR, accepted)
    return Caller(partner_id, workspace_id, key_id, api_key_id, quota, stale_last_use, address)


def _look_up(slug: str, api_key: ParsedKey | None, secret: ParsedKey | None) -> Any:
    public_ids = [key.public_id if key else None for key in (api_key, secret)]
    with connection.cursor() as cursor:
        cursor.execute(LOOK_UP, [*public_ids, slug])
        return cursor.fetchone()


def _opens(key: ParsedKey | None, digest: bytes | None, pepper: int | None) -> bool:
    if key is None:
        return False
    stored = None if digest is None else bytes(digest)
    return keys.matches(key, stored, settings.PEPPERS.get(pepper) if pepper else None)
