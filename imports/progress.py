"""How far a job is, how fast it goes, and how long it still takes."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from imports.models import Job, JobState


@dataclass(frozen=True)
class Progress:
    """As of the moment in which `job` was read."""

    job: Job

    @property
    def percent(self) -> int:
        """Whole ones; 100 only for a job that is done."""
        if self.job.state == JobState.DONE:
            return 100
        if not self.job.bytes_total:
            return 0
        return min(99, 100 * self.job.bytes_done // self.job.bytes_total)

    @property
    def rows_a_second(self) -> int:
        """While it was being worked on; 0 before the first batch."""
        if not self.job.seconds_worked:
            return 0
        return round(self.job.rows_done / self.job.seconds_worked)

    @property
    def seconds_left(self) -> int | None:
        """At the speed so far; None while nobody can know."""
        job = self.job
        if job.is_finished or not job.bytes_done:
            return None
        left = max(0, job.bytes_total - job.bytes_done)
        return round(left * job.seconds_worked / job.bytes_done)

    @property
    def time_left(self) -> str:
        """In words, or nothing."""
        seconds = self.seconds_left
        if seconds is None:
            return ""
        if seconds < 90:
            return ngettext("%(n)d second left", "%(n)d seconds left", seconds) % {"n": seconds}
        minutes = round(seconds / 60)
        return ngettext("%(n)d minute left", "%(n)d minutes left", minutes) % {"n": minutes}

    @property
    def sentence(self) -> str:
        """For a terminal."""
        parts = [
            _("%(rows)s rows") % {"rows": f"{self.job.rows_done:,}"},
            f"{self.percent} %",
            _("%(rows)s a second") % {"rows": f"{self.rows_a_second:,}"},
            self.time_left,
        ]
        return ", ".join(part for part in parts if part)
