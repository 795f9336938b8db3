"""A partner's latest uploads, over all its cohorts, out of the ledger."""

from collections.abc import Mapping
from datetime import timedelta
from math import isqrt
from typing import Any
from uuid import UUID

from django.db import connection
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from cohorts.applying.folding import COUNTS
from common import request_ids
from partners.deliveries import Upload

COLUMNS = f"""
upload.received_at, cohort.external_id, cohort.id, upload.ids, upload.request_id,
upload.key_id, upload.applied_at, upload.skipped_at,
{", ".join(f"upload.{count}" for count in COUNTS)}
"""

# The latest of all are among the latest of the cohorts that received last. Nothing on the
# accept path keeps an index for this: each cohort's end of the ledger is read off its key, a
# little at first. Only a cohort of which all that is among the latest is read on: there are
# at most `most / depth` of those, so that a thousand busy cohorts don't cost a million rows.
LATEST = f"""
WITH receiving AS (
    SELECT cohort.id
      FROM cohorts_cohort AS cohort
      JOIN cohorts_cohorthead AS head ON head.cohort_id = cohort.id
     WHERE cohort.workspace_id = %(workspace)s AND cohort.partner_id = %(partner)s
       AND head.sequence > 0
     ORDER BY head.last_received_at DESC LIMIT %(most)s
), ends AS MATERIALIZED (
    SELECT receiving.id, part.*
      FROM receiving CROSS JOIN LATERAL (
           SELECT sequence, received_at FROM cohorts_upload
            WHERE cohort_id = receiving.id
            ORDER BY sequence DESC LIMIT %(depth)s) AS part
), least AS (
    SELECT received_at FROM ends ORDER BY received_at DESC OFFSET %(most)s - 1 LIMIT 1
), busy AS (
    SELECT id FROM ends GROUP BY id
    HAVING count(*) = %(depth)s AND min(received_at) >= ALL (SELECT received_at FROM least)
), newest AS (
    SELECT id, sequence, received_at FROM ends
     UNION
    SELECT busy.id, part.*
      FROM busy CROSS JOIN LATERAL (
           SELECT sequence, received_at FROM cohorts_upload
            WHERE cohort_id = busy.id
            ORDER BY sequence DESC LIMIT %(most)s) AS part
     ORDER BY received_at DESC, sequence DESC LIMIT %(most)s
)
SELECT {COLUMNS}
  FROM newest
  JOIN cohorts_cohort AS cohort ON cohort.id = newest.id
 CROSS JOIN LATERAL (
       SELECT * FROM cohorts_upload
        WHERE cohort_id = newest.id AND sequence = newest.sequence LIMIT 1) AS upload
 ORDER BY upload.received_at DESC, upload.sequence DESC
"""

# By the index of times, which the request id begins with: the ledger has none of the ids.
OF_REQUEST = f"""
SELECT {COLUMNS}
  FROM cohorts_upload AS upload
  JOIN cohorts_cohort AS cohort ON cohort.id = upload.cohort_id
 WHERE upload.received_at BETWEEN %(from)s AND %(to)s AND upload.request_id = %(request)s
   AND cohort.workspace_id = %(workspace)s AND cohort.partner_id = %(partner)s
"""
# Between naming a request and storing it, and between the clocks of two machines.
SLACK = timedelta(minutes=5)

# What became of an upload's ids, in the order of `COUNTS`.
WORDS: Mapping[str, Any] = {
    "added": ngettext_lazy("%(n)s added", "%(n)s added", "number"),
    "already_in": ngettext_lazy("%(n)s already in", "%(n)s already in", "number"),
    "waiting": ngettext_lazy("%(n)s waiting", "%(n)s waiting", "number"),
    "removed": ngettext_lazy("%(n)s removed", "%(n)s removed", "number"),
    "not_in": ngettext_lazy("%(n)s not in it", "%(n)s not in it", "number"),
    "ignored_device": ngettext_lazy("%(n)s device ignored", "%(n)s devices ignored", "number"),
    "repeated": ngettext_lazy("%(n)s repeated", "%(n)s repeated", "number"),
    "unknown": ngettext_lazy("%(n)s unknown", "%(n)s unknown", "number"),
    "deleted": ngettext_lazy("%(n)s deleted", "%(n)s deleted", "number"),
}


def latest(workspace_id: int, partner_id: int, *, most: int) -> list[Upload]:
    """The newest first, with what became of each."""
    with connection.cursor() as cursor:
        cursor.execute(
            LATEST,
            {
                "workspace": workspace_id,
                "partner": partner_id,
                "most": most,
                "depth": isqrt(most) + 1,
            },
        )
        return [_upload(*row) for row in cursor]


def find(workspace_id: int, partner_id: int, request_id: UUID) -> list[Upload]:
    """The upload that came with that request, however long ago; empty where there is none."""
    made_at = request_ids.moment(request_id)
    if made_at is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            OF_REQUEST,
            {
                "workspace": workspace_id,
                "partner": partner_id,
                "request": request_id,
                "from": made_at - SLACK,
                "to": made_at + SLACK,
            },
        )
        return [_upload(*row) for row in cursor]


def _upload(
    at: Any,
    external_id: str,
    cohort_id: int,
    ids: int,
    request_id: Any,
    key_id: int | None,
    applied_at: Any,
    skipped_at: Any,
    *counts: int,
) -> Upload:
    return Upload(
        at=at,
        cohort=external_id,
        path=reverse("admin:cohorts_cohort_change", args=[cohort_id]),
        ids=ids,
        request_id=request_id,
        key_id=key_id,
        outcome=_outcome(applied_at, skipped_at, counts),
    )


def _outcome(applied_at: Any, skipped_at: Any, counts: tuple[int, ...]) -> str:
    if skipped_at:
        return _("Skipped by an operator: its ids were not applied.")
    if not applied_at:
        return _("Stored, and about to be applied.")
    numbers = zip(COUNTS, counts, strict=True)
    words = [
        WORDS[count] % {"number": number, "n": number_format(number)}
        for count, number in numbers
        if number
    ]
    return ", ".join(words) or _("There were no ids in it.")
