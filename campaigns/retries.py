"""Batches that a receiver hasn't taken yet, and that are tried again."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from campaigns.models import Sending

_REFUSED = """
SELECT sum(cardinality(profile_ids)), min(retry_at),
       (array_agg(problem ORDER BY retry_at DESC NULLS LAST))[1]
  FROM campaigns_batch WHERE sending_id = %s AND finished_at IS NULL AND problem <> ''
"""


@dataclass(frozen=True, slots=True)
class Retries:
    """Of how many users, when the next try may be, and what came back from the last one."""

    users: int
    next_at: datetime | None
    answer: str


def of_sending(sending: Sending) -> Retries | None:
    """None where nothing has to be tried again."""
    with connection.cursor() as cursor:
        cursor.execute(_REFUSED, [sending.pk])
        users, next_at, answer = cursor.fetchone()
    return Retries(users, next_at, answer) if users else None
