"""The ingest log: a cohort's uploads with what became of each id, page by page."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cohorts.applying.folding import COUNTS
from cohorts.models import Cohort, Upload
from cohorts.outcomes import WORDS
from imports.models import Job
from partners.models import DataImportKey

PER_PAGE = 25

COLUMNS = (
    *("sequence", "received_at", "applied_at", "skipped_at", "key_id", "job_id", "ids"),
    *COUNTS,
)
APPLIED, PENDING, SKIPPED = "success", "info", "warning"


@dataclass(frozen=True, slots=True)
class Line:
    """One upload. `job` is the import that brought it, `key` what a partner used."""

    upload: Upload
    key: DataImportKey | None
    job: Job | None

    @property
    def state(self) -> tuple[str, Any]:
        if self.upload.skipped_at:
            return SKIPPED, gettext_lazy("skipped")
        if self.upload.applied_at:
            return APPLIED, gettext_lazy("applied")
        return PENDING, gettext_lazy("not applied yet")

    @property
    def outcomes(self) -> list[tuple[Any, int]]:
        """Those that there were, each with its name."""
        counts = [(WORDS[count], getattr(self.upload, count)) for count in COUNTS]
        return [(word.name, number) for word, number in counts if number]

    @property
    def source(self) -> str:
        """For who may see no keys."""
        return self.job.title if self.job else _("call of the partner")


class Log(Paginator):  # type: ignore[type-arg]
    """Uploads by their numbers, which have no gaps: no page is counted or skipped over."""

    def __init__(self, cohort: Cohort) -> None:
        super().__init__([], PER_PAGE)
        self.cohort = cohort

    @property
    def count(self) -> int:
        return self.cohort.head.sequence

    def page(self, number: Any) -> Any:
        number = self.validate_number(number)
        last = self.count - (number - 1) * PER_PAGE
        uploads = Upload.objects.filter(
            cohort=self.cohort, sequence__lte=last, sequence__gt=last - PER_PAGE
        )
        rows = list(uploads.order_by("-sequence").only(*COLUMNS))
        return Page(_lines(self.cohort, rows), number, self)


def _lines(cohort: Cohort, uploads: Iterable[Upload]) -> list[Line]:
    rows = list(uploads)
    keys = DataImportKey.objects.filter(workspace_id=cohort.workspace_id)
    by_key = keys.in_bulk({row.key_id for row in rows if row.key_id})
    jobs = Job.objects.in_workspace(cohort.workspace_id)
    by_job = jobs.in_bulk({row.job_id for row in rows if row.job_id})
    return [Line(row, by_key.get(row.key_id or 0), by_job.get(row.job_id)) for row in rows]
