"""The hourly request limit of a workspace and partner.

Accepted requests count, refused ones don't. The count is spread over slots so that a
partner's cohorts don't queue behind one row; near the limit all requests take slot 0,
whose row lock makes the limit exact.
"""

import random
import time
from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from common.errors import RateLimited

SLOTS = 8
NEAR = 200  # remaining requests below which everybody queues for one slot
HOUR_SECONDS = 3600


@dataclass(slots=True)
class Quota:
    """Where a workspace and partner stand in the current hour."""

    limit: int
    accepted: int = 0

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.accepted)

    @property
    def slot(self) -> int:
        return 0 if self.remaining < NEAR else random.randrange(SLOTS)  # noqa: S311  # no secret

    def check(self) -> None:
        """Raises `RateLimited` when the hour's requests are used up."""
        if self.remaining == 0:
            raise self.use_up()

    def use_up(self) -> RateLimited:
        """The refusal, when others have taken what seemed to remain."""
        self.accepted = self.limit
        return RateLimited(retry_after=seconds_to_reset())

    def headers(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(reset_at()),
        }


def full_quota() -> Quota:
    """What an answer shows that concerns no known workspace."""
    return Quota(settings.PARTNER_REQUESTS_PER_HOUR)


def reset_at() -> int:
    """UTC epoch seconds at which the current hour ends."""
    return (int(time.time()) // HOUR_SECONDS + 1) * HOUR_SECONDS


def seconds_to_reset() -> int:
    return max(1, reset_at() - int(time.time()))


# The tail of a statement with a `counting` table expression of what is to be counted: one
# row or none. It yields a row if the request was counted, none if the limit is reached.
COUNT = """
INSERT INTO partners_requestcount AS slots
       (workspace_id, partner_id, hour, slot, accepted, ids, last_accepted_at)
SELECT %(workspace)s, %(partner)s, date_trunc('hour', now(), 'UTC'), %(slot)s, 1, %(ids)s, now()
  FROM counting
ON CONFLICT (workspace_id, partner_id, hour, slot) DO UPDATE
   SET accepted = slots.accepted + 1, ids = slots.ids + excluded.ids,
       last_accepted_at = excluded.last_accepted_at
 WHERE slots.accepted < %(limit)s - (
       SELECT coalesce(sum(others.accepted), 0) FROM partners_requestcount AS others
        WHERE others.workspace_id = slots.workspace_id
          AND others.partner_id = slots.partner_id
          AND others.hour = slots.hour AND others.slot <> slots.slot)
RETURNING 1
"""


def count(workspace_id: int, partner_id: int, quota: Quota) -> None:
    """Count one request without ids, in the transaction that stores it.

    Raises `RateLimited` when the limit was reached meanwhile.
    """
    parameters = {
        "workspace": workspace_id,
        "partner": partner_id,
        "slot": quota.slot,
        "limit": quota.limit,
        "ids": 0,
    }
    with connection.cursor() as cursor:
        cursor.execute(f"WITH counting AS (SELECT 1) {COUNT}", parameters)
        if cursor.fetchone() is None:
            raise quota.use_up()
