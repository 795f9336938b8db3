"""What the page of an import shows below its report: what its ids did, or would do."""

from dataclasses import dataclass
from functools import cached_property

from cohorts import outcomes
from cohorts.importing import replacing
from cohorts.importing.replacing import Difference
from cohorts.models import CohortImport, Mode
from cohorts.outcomes import Account
from imports.models import Job


@dataclass
class CohortPanel:
    """Each part is read when it is first asked for."""

    file: CohortImport

    template = "cohorts/partials/import.html"

    @property
    def replaces(self) -> bool:
        return self.file.mode == Mode.REPLACE

    @property
    def is_open(self) -> bool:
        """Whether somebody has to decide."""
        return self.replaces and replacing.is_open(self.file)

    @cached_property
    def difference(self) -> Difference:
        return replacing.difference(self.file)

    @cached_property
    def account(self) -> Account:
        return outcomes.of_job(self.file.pk)


def of(job: Job) -> CohortPanel | None:
    """None for an import of a cohort that isn't there any more."""
    found = CohortImport.objects.select_related("job", "cohort__workspace", "cohort__partner")
    file = found.filter(pk=job.pk).first()
    return CohortPanel(file) if file else None
