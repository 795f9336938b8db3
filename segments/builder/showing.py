"""The groups, filters and steps of a segment form as its templates show them."""

from dataclasses import dataclass, field

from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from segments.builder import choices, complaints, picks
from segments.builder.draft import DraftGroup, DraftRow
from segments.builder.offers import Offers
from segments.explaining import FilterAnswer
from segments.freshness import CohortState
from segments.reach import FilterReach, GroupReach


@dataclass
class ShownRow:
    """`finds` says whether what can be picked is listed in the page itself."""

    draft: DraftRow
    offers: Offers
    finds: bool = False
    reach: FilterReach | None = None
    answer: FilterAnswer | None = None
    states: list[CohortState] = field(default_factory=list)

    @cached_property
    def what(self) -> choices.What:
        return self.offers.what(self.draft)

    @cached_property
    def operator(self) -> choices.Operator:
        operators = self.what.operators
        named = (one for one in operators if one.value == self.draft.operator)
        return next(named, operators[0])

    @property
    def chosen(self) -> list[picks.Pick]:
        return self.offers.chosen(self.draft)

    @cached_property
    def offered(self) -> picks.Page | None:
        is_picked = self.operator.input in ("pick", "picks")
        return self.offers.find(self.draft) if self.finds and is_picked else None

    @property
    def problems(self) -> list[str]:
        return [complaints.in_words(one, self.operator.input) for one in self.draft.problems]


@dataclass
class ShownGroup:
    """`removed` is how many an exclusion takes away."""

    draft: DraftGroup
    number: int
    rows: list[ShownRow]
    reach: GroupReach | None = None
    removed: int | None = None

    @property
    def title(self) -> str:
        if self.draft.name:
            return self.draft.name
        number = {"number": self.number}
        if self.draft.is_exclusion:
            return _("Exclusion group %(number)s") % number
        return _("Filter group %(number)s") % number


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the funnel: who is left after it, or whom an exclusion takes."""

    name: str
    left: int
    everyone: int
    removed: int | None = None

    @property
    def percent(self) -> float:
        """Of everyone, those left or those taken: what the bar shows."""
        shown = self.left if self.removed is None else self.removed
        return 100 * shown / self.everyone if self.everyone else 0
