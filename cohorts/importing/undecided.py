"""Files that were to replace a cohort's members, and that nobody decided on."""

from datetime import datetime, timedelta

from django.db.models import Q

from cohorts.models import CohortImport, Mode, StagedBlock
from imports.models import UNFINISHED, JobState

# By then nobody remembers what they wanted, and the file says nothing about today.
KEPT = timedelta(days=7)


def tidy(now: datetime) -> None:
    """Call off what has waited for a decision too long, and drop what no job will go on with."""
    open_ones = CohortImport.objects.filter(mode=Mode.REPLACE, replaced_at=None, discarded_at=None)
    over = Q(job__state=JobState.DONE, job__finished_at__lt=now - KEPT)
    open_ones.filter(over).update(discarded_at=now)
    ended = CohortImport.objects.filter(
        ~Q(job__state__in=[*UNFINISHED, JobState.DONE]) | Q(discarded_at__isnull=False)
    )
    StagedBlock.objects.filter(file__in=ended).delete()
