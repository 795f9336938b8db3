"""Who wasn't sent a message, the last of them, and what can be done about each reason."""

from dataclasses import dataclass
from typing import Any

from campaigns.models import Campaign, Fate, Outcome
from campaigns.reasons import REMEDIES, Reason
from profiles.models import Profile

MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class FateChoice:
    """One of the links above the list. `value` is empty for everybody."""

    value: str
    name: Any
    number: int
    is_current: bool


@dataclass(frozen=True, slots=True)
class ShownOutcome:
    outcome: Outcome
    user: Profile | None

    @property
    def reason(self) -> Any:
        return Reason(self.outcome.reason).label


@dataclass(frozen=True, slots=True)
class Others:
    """Those of one fate, or of all; who was sent it again since isn't among them."""

    choices: list[FateChoice]
    rows: list[ShownOutcome]
    total: int

    @property
    def remedies(self) -> list[tuple[Any, Any]]:
        """The reasons that are shown and that somebody can do something about, with what."""
        codes = dict.fromkeys(Reason(row.outcome.reason) for row in self.rows)
        return [(code.label, REMEDIES[code]) for code in codes if code in REMEDIES]


def of(campaign: Campaign, wanted: str, everybody: Any) -> Others:
    """`wanted` is a `Fate`; anything else is all of them, under the name `everybody`."""
    found = Outcome.objects.filter(batch__sending__launch__campaign=campaign, resent_at=None)
    numbers = {fate: found.filter(fate=fate).count() for fate in Fate}
    current = wanted if wanted in Fate.values else ""
    choices = [
        FateChoice("", everybody, sum(numbers.values()), current == ""),
        *(
            FateChoice(fate.value, fate.label, number, current == fate)
            for fate, number in numbers.items()
            if number
        ),
    ]
    if current:
        found = found.filter(fate=current)
    rows = list(found.order_by("-pk")[:MOST_SHOWN])
    users = Profile.objects.in_bulk({row.profile_id for row in rows})
    shown = [ShownOutcome(row, users.get(row.profile_id)) for row in rows]
    return Others(choices, shown, numbers[Fate(current)] if current else sum(numbers.values()))
