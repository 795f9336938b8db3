"""A campaign or Canvas as its page shows it once it was launched."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import cached_property

from campaigns import results, retries, timeline
from campaigns.models import Campaign, Launch, Sending, SendingState, State, Step
from campaigns.reasons import REMEDIES, Reason
from campaigns.results import Results
from campaigns.retries import Retries
from campaigns.services import RESENDABLE
from common.charts import Chart
from partners.models import Partner


@dataclass(frozen=True, slots=True)
class ShownReason:
    words: Any
    remedy: Any
    number: int


@dataclass(slots=True)
class ShownSending:
    """One step on its way, with its numbers."""

    sending: Sending
    results: Results
    retries: Retries | None = None

    @property
    def percent(self) -> float:
        return 100 * self.results.done_share

    @property
    def reasons(self) -> list[ShownReason]:
        """Why people weren't sent it, the most frequent first."""
        found = sorted(self.results.reasons.items(), key=lambda pair: -pair[1])
        return [
            ShownReason(Reason(code).label, REMEDIES.get(Reason(code), ""), number)
            for code, number in found
        ]

    def share_of_sent(self, number: int) -> float | None:
        return 100 * number / self.results.sent if self.results.sent else None

    @property
    def opened_percent(self) -> float | None:
        return self.share_of_sent(self.results.opened)

    @property
    def clicked_percent(self) -> float | None:
        return self.share_of_sent(self.results.clicked)


@dataclass(frozen=True, slots=True)
class ShownParts:
    """What became of a step, by the cohorts that fed its audience."""

    step: Step
    parts: list[dict[str, Any]]


@dataclass
class Portrait:
    """Each part is read when it is first asked for."""

    campaign: Campaign
    launch: Launch | None

    @classmethod
    def of(cls, campaign: Campaign) -> "Portrait":
        return cls(campaign, Launch.objects.filter(campaign=campaign).first())

    @cached_property
    def sendings(self) -> list[ShownSending]:
        if self.launch is None:
            return []
        rows = list(
            self.launch.sendings.select_related("step").order_by("due_at", "step__position")
        )
        counted = results.of_sendings(rows)
        return [ShownSending(row, counted[row.pk], retries.of_sending(row)) for row in rows]

    @cached_property
    def by_cohort(self) -> list[ShownParts]:
        """The part of the audience that each cohort fed, for each step that was begun."""
        begun = [each for each in self.sendings if each.sending.started_at]
        if self.launch is None or not begun:
            return []
        parts = results.by_cohort(self.launch, [each.sending for each in begun])
        return [
            ShownParts(each.sending.step, self._parts(parts[each.sending.pk]))
            for each in begun
            if parts[each.sending.pk]
        ]

    def _parts(self, parts: Mapping[str, Results]) -> list[dict[str, Any]]:
        cohorts = {cohort["key"]: cohort for cohort in self.cohorts}
        ranked = sorted(parts.items(), key=lambda part: -part[1].recipients)
        return [cohorts[key] | {"results": part} for key, part in ranked]

    @cached_property
    def cohorts(self) -> list[dict[str, Any]]:
        """Those that it rested on as they were at the launch, with their partners' names."""
        kept = self.launch.cohorts if self.launch else {}
        slugs = {cohort["partner"] for cohort in kept.values()}
        named = dict(Partner.objects.filter(slug__in=slugs).values_list("slug", "name"))
        return [
            cohort
            | {
                "key": key,
                "partner": named.get(cohort["partner"], ""),
                "applied_at": _moment(cohort["last_applied_at"]),
            }
            for key, cohort in kept.items()
        ]

    @cached_property
    def chart(self) -> Chart | None:
        return timeline.chart(self.launch) if self.launch else None

    @property
    def is_moving(self) -> bool:
        """Whether the numbers may be others in a moment."""
        return self.campaign.state in (State.SENDING, State.SCHEDULED)

    @property
    def sent(self) -> int:
        """Messages that went out, of all steps."""
        return sum(each.results.sent for each in self.sendings)

    @property
    def waiting(self) -> int:
        """Messages that are still to go out: those of a step to come are its whole audience."""
        if self.launch is None:
            return 0
        audience = self.launch.audience_size - self.launch.control_size
        return sum(
            each.results.waiting if each.sending.started_at else audience for each in self.sendings
        )

    @property
    def resendable(self) -> dict[str, int]:
        """How many of each fate may be sent it again, now that everybody had their turn."""
        done = [each for each in self.sendings if each.sending.state == SendingState.SENT]
        counts = {
            fate.value: sum(getattr(each.results, fate) for each in done) for fate in RESENDABLE
        }
        return {fate: number for fate, number in counts.items() if number}


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
