"""A campaign or Canvas as its page shows it once it was launched."""

from dataclasses import dataclass
from typing import Any

from django.utils.functional import cached_property

from campaigns import results, timeline
from campaigns.models import Campaign, Launch, Sending, SendingState, State
from campaigns.reasons import REMEDIES, Reason
from campaigns.results import Results
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
        rows = self.launch.sendings.select_related("step").order_by("due_at", "step__position")
        return [ShownSending(row, results.of_sending(row)) for row in rows]

    @cached_property
    def cohorts(self) -> list[dict[str, Any]]:
        """The part of the audience that each cohort fed, by the first sending's results."""
        if self.launch is None or not self.launch.cohorts or not self.sendings:
            return []
        parts = results.by_cohort(self.launch, self.sendings[0].sending)
        slugs = {cohort["partner"] for cohort in self.launch.cohorts.values()}
        named = dict(Partner.objects.filter(slug__in=slugs).values_list("slug", "name"))
        return [
            self.launch.cohorts[key]
            | {"results": part, "partner": named.get(self.launch.cohorts[key]["partner"], "")}
            for key, part in sorted(parts.items(), key=lambda pair: -pair[1].recipients)
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
