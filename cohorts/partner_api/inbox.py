"""Accept a partner's request: one committed row, and that commit is the promise.

Once `accept` returns, the change survives any crash of web server, worker, Redis or
PostgreSQL, and is applied exactly once, in the order of its sequence number. The number
comes from the cohort's own row, under its lock: identity values commit out of order, and
a reader that polls them skips rows. Redis has no part in this.
"""

from typing import Any
from uuid import UUID

from django.db import connection, transaction

from cohorts import registry
from cohorts.partner_api.changes import Changes
from common.arrays import TextArray
from partners.authentication import Caller
from partners.limits import COUNT

# Nothing is counted, numbered or stored unless the cohort exists, and nothing is numbered
# or stored unless it is counted.
ACCEPT = f"""
WITH counting AS (
    SELECT id FROM cohorts_cohort
     WHERE workspace_id = %(workspace)s AND partner_id = %(partner)s
       AND external_id = %(cohort)s
), counted AS ({COUNT}
), numbered AS (
    UPDATE cohorts_cohorthead AS head
       SET sequence = head.sequence + 1,
           ids_received = head.ids_received + %(ids)s,
           last_received_at = clock_timestamp()
      FROM counting
     WHERE head.cohort_id = counting.id AND EXISTS (SELECT FROM counted)
    RETURNING head.cohort_id, head.sequence, head.last_received_at
), stored AS (
    INSERT INTO cohorts_upload
           (cohort_id, sequence, received_at, request_id, key_id, ids,
            runs, external_ids, device_ids, alias_labels, alias_names,
            added, already_in, waiting, removed, not_in,
            ignored_device, repeated, unknown, deleted)
    SELECT cohort_id, sequence, last_received_at, %(request_id)s, %(key)s, %(ids)s,
           %(runs)s::integer[], %(external_ids)s, %(device_ids)s,
           %(alias_labels)s, %(alias_names)s, 0, 0, 0, 0, 0, 0, 0, 0, 0
      FROM numbered
    RETURNING cohort_id, sequence
), used AS (
    UPDATE partners_dataimportkey
       SET last_used_at = now(), last_used_from = %(address)s::inet
     WHERE id = %(key)s AND %(stale)s AND EXISTS (SELECT FROM stored)
       AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
), used_by_partner AS (
    UPDATE partners_partnerapikey
       SET last_used_at = now(), last_used_from = %(address)s::inet
     WHERE id = %(partner_key)s AND %(stale)s AND EXISTS (SELECT FROM stored)
       AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
)
SELECT EXISTS (SELECT FROM counting), cohort_id, sequence
  FROM (SELECT 1) AS one LEFT JOIN stored ON true
"""


def accept(
    caller: Caller, external_id: str, changes: Changes, *, request_id: UUID
) -> tuple[int, int]:
    """Store one request durably; its cohort's id and its sequence number there.

    One round trip when the cohort is known. A cohort never named before is created in the
    same transaction.

    Raises `RateLimited` when the hour's requests are used up: then nothing was stored.
    """
    parameters = _parameters(caller, external_id, changes, request_id)
    cohort_known, cohort_id, sequence = _execute(parameters)
    if not cohort_known:
        with transaction.atomic():
            registry.find_or_create(caller.workspace_id, caller.partner_id, external_id)
            cohort_known, cohort_id, sequence = _execute(parameters)
            if sequence is None:
                raise caller.quota.use_up()
    if sequence is None:
        raise caller.quota.use_up()
    return cohort_id, sequence


def _execute(parameters: dict[str, Any]) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(ACCEPT, parameters)
        return cursor.fetchone()


def _parameters(
    caller: Caller, external_id: str, changes: Changes, request_id: UUID
) -> dict[str, Any]:
    return {
        "workspace": caller.workspace_id,
        "partner": caller.partner_id,
        "slot": caller.quota.slot,
        "limit": caller.quota.limit,
        "key": caller.key_id,
        "partner_key": caller.partner_key_id,
        "stale": caller.stale_last_use,
        "address": caller.address,
        "cohort": external_id,
        "request_id": request_id,
        "ids": changes.ids,
        "runs": changes.runs,
        "external_ids": _column(changes.external_ids),
        "device_ids": _column(changes.device_ids),
        "alias_labels": _column(changes.alias_labels),
        "alias_names": _column(changes.alias_names),
    }


def _column(values: list[str]) -> TextArray | None:
    return TextArray(values) if values else None
