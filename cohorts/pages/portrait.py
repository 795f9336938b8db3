"""A cohort as its page shows it: size, account of every id, names, and what uses it."""

from dataclasses import dataclass
from functools import cached_property

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cohorts import outcomes, usage
from cohorts.models import Cohort, CohortImport, FormerName, Mode
from cohorts.outcomes import Account
from cohorts.pages import history
from cohorts.pages.history import Flow, Step
from cohorts.sizes import Size, sizes
from cohorts.usage import Use
from common.charts import Chart
from imports.models import JobState


@dataclass
class Portrait:
    """Each part is read when it is first asked for."""

    cohort: Cohort

    @cached_property
    def size(self) -> Size:
        return sizes(self.cohort.workspace_id, [self.cohort.pk])[self.cohort.pk]

    @cached_property
    def account(self) -> Account:
        return outcomes.of_cohort(self.cohort.pk)

    @cached_property
    def former_names(self) -> list[FormerName]:
        """The latest first, but for what it is called today."""
        former = self.cohort.former_names.order_by("-until")
        return [one for one in former if one.name != self.cohort.display_name]

    @cached_property
    def uses(self) -> list[Use]:
        return usage.uses(self.cohort.workspace_id, [self.cohort])[self.cohort.pk]

    @property
    def hindrances(self) -> list[Use]:
        """What keeps it from being archived."""
        return [use for use in self.uses if not use.through]

    @cached_property
    def steps(self) -> list[Step]:
        return history.steps(self.cohort, self.size, timezone.now())

    @cached_property
    def flow(self) -> list[Flow]:
        return history.flow(self.cohort, timezone.now().date())

    @property
    def busy_days(self) -> list[Flow]:
        """Days on which something came or went, the latest first."""
        return [one for one in reversed(self.flow) if one.came or one.went]

    @property
    def size_chart(self) -> Chart:
        return history.size_chart(self.steps)

    @property
    def flow_chart(self) -> Chart:
        return history.flow_chart(self.flow)

    @property
    def state(self) -> tuple[str, object]:
        """How it is coloured, and the word for it."""
        return state_of(self.cohort)

    @cached_property
    def undecided(self) -> CohortImport | None:
        """A file that somebody has to decide on: the latest."""
        waiting = self.cohort.imports.filter(
            mode=Mode.REPLACE, replaced_at=None, discarded_at=None, job__state=JobState.DONE
        )
        return waiting.order_by("-pk").first()


def state_of(cohort: Cohort) -> tuple[str, object]:
    """The tone of a cohort's state, and the word for it."""
    if cohort.cursor.parked_at:
        return "danger", _("parked")
    if cohort.archived_at:
        received_at = cohort.head.last_received_at
        if received_at and received_at > cohort.archived_at:
            return "warning", _("archived, and receiving")
        return "info", pgettext_lazy("a cohort", "archived")
    if not (cohort.name or cohort.own_name):
        return "warning", _("unnamed")
    if cohort.head.last_received_at is None:
        return "info", _("empty")
    return "success", _("receiving")
