"""What became of ids, in words: the nine outcomes of the ledger, which add up to the ids."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cohorts.applying.folding import COUNTS


@dataclass(frozen=True, slots=True)
class Word:
    """What people call an outcome, and what it means."""

    name: Any
    meaning: Any


WORDS: Mapping[str, Word] = {
    "added": Word(_("Added"), _("users who came into the cohort")),
    "already_in": Word(_("Already in"), _("added again; nothing changed")),
    "waiting": Word(
        _("Waiting"), _("ids that matched nobody; they join as soon as their user appears")
    ),
    "removed": Word(_("Removed"), _("users and waiting ids that left the cohort")),
    "not_in": Word(_("Not in it"), _("removed without having been in; nothing changed")),
    "ignored_device": Word(
        _("Devices ignored"), _("devices of identified users, which match nobody")
    ),
    "repeated": Word(_("Repeated"), _("a user whom the same upload named again")),
    "unknown": Word(
        pgettext_lazy("ids", "Unknown"),
        _("ids of nobody that were removed, or found no room to wait in"),
    ),
    "deleted": Word(_("Deleted"), _("their user was deleted before the upload was applied")),
}


@dataclass(frozen=True, slots=True)
class Account:
    """What became of all ids of some uploads. Received = outcomes + pending + skipped."""

    received: int
    pending: int
    skipped: int
    counts: Mapping[str, int]

    @property
    def rows(self) -> list[tuple[Word, int]]:
        """Every outcome with its words, in the order of the ledger."""
        return [(WORDS[count], self.counts[count]) for count in COUNTS]

    @property
    def adds_up(self) -> bool:
        return self.received == sum(self.counts.values()) + self.pending + self.skipped


_SUM = f"""
SELECT coalesce(sum(ids), 0),
       coalesce(sum(ids) FILTER (WHERE applied_at IS NULL AND skipped_at IS NULL), 0),
       coalesce(sum(ids) FILTER (WHERE skipped_at IS NOT NULL), 0),
       {", ".join(f"coalesce(sum({count}), 0)" for count in COUNTS)}
  FROM cohorts_upload WHERE
"""


def of_cohort(cohort_id: int) -> Account:
    """Of everything that ever came for the cohort."""
    return _account("cohort_id = %s", cohort_id)


def of_job(job_id: int) -> Account:
    """Of what an import handed over so far."""
    return _account("job_id = %s", job_id)


def _account(condition: str, value: int) -> Account:
    with connection.cursor() as cursor:
        cursor.execute(f"{_SUM} {condition}", [value])
        received, pending, skipped, *counts = map(int, cursor.fetchone())
    return Account(received, pending, skipped, dict(zip(COUNTS, counts, strict=True)))
