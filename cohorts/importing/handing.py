"""Hand the ids of an import over to the inbox, where they are applied like a partner's.

The row is written in the transaction that moves the import's checkpoint, so every id of a
file is handed over exactly once, in the file's order, and behind all that came before it.
"""

import uuid
from typing import Any

from django.db import connection

from cohorts.models import Cohort
from cohorts.partner_api.changes import Changes
from common.arrays import TextArray
from imports.models import Job

_HAND_OVER = """
WITH numbered AS (
    UPDATE cohorts_cohorthead
       SET sequence = sequence + 1, ids_received = ids_received + %(ids)s,
           last_received_at = clock_timestamp()
     WHERE cohort_id = %(cohort)s
    RETURNING sequence, last_received_at)
INSERT INTO cohorts_upload
       (cohort_id, sequence, received_at, request_id, job_id, ids,
        runs, external_ids, device_ids, alias_labels, alias_names,
        added, already_in, waiting, removed, not_in, ignored_device, repeated, unknown, deleted)
SELECT %(cohort)s, sequence, last_received_at, %(request_id)s, %(job)s, %(ids)s,
       %(runs)s::integer[], %(external_ids)s, %(device_ids)s, %(alias_labels)s, %(alias_names)s,
       0, 0, 0, 0, 0, 0, 0, 0, 0
  FROM numbered
"""


def hand_over(cohort: Cohort, job: Job, changes: Changes) -> None:
    """Store the changes as one request of that cohort; nothing without an id."""
    if not changes.ids:
        return
    parameters: dict[str, Any] = {
        "cohort": cohort.pk,
        "job": job.pk,
        "request_id": request_id(job),
        "ids": changes.ids,
        "runs": changes.runs,
        "external_ids": _column(changes.external_ids),
        "device_ids": _column(changes.device_ids),
        "alias_labels": _column(changes.alias_labels),
        "alias_names": _column(changes.alias_names),
    }
    with connection.cursor() as cursor:
        cursor.execute(_HAND_OVER, parameters)


def request_id(job: Job) -> uuid.UUID:
    """What stands in the ledger for all requests of an import: made of its number."""
    return uuid.UUID(int=job.pk)


def _column(values: list[str]) -> TextArray | None:
    return TextArray(values) if values else None
