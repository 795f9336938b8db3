"""The segment form: rows of what · operator · values, with the exact reach beside them.

Every button posts the whole form and gets it back changed, so it works without JavaScript.
With it, htmx posts the same form to the same places and swaps in what came back.
"""

from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import cached_property

from segments import choices, evaluation, wording
from segments.draft import Draft, DraftGroup, DraftRow
from segments.filters.base import Membership
from segments.forms import SegmentForm
from segments.models import Segment
from segments.reach import ExclusionReach, FilterReach, GroupReach, Reach
from segments.reading import InvalidTree
from segments.tree import Tree, parse
from workspaces.models import Workspace


@dataclass
class ShownRow:
    draft: DraftRow
    what: choices.What
    picks: list[choices.Pick]
    reach: FilterReach | None = None


@dataclass
class ShownGroup:
    draft: DraftGroup
    number: int
    rows: list[ShownRow]
    reach: GroupReach | ExclusionReach | None = None


@dataclass
class Builder:
    """One rendering of the form. `tree` is None while the draft has something wrong in it."""

    workspace: Workspace
    form: SegmentForm
    draft: Draft
    segment: Segment | None = None
    tree: Tree | None = field(init=False, default=None)
    reach: Reach | None = field(init=False, default=None)

    operators = tuple((one.value, wording.OPERATORS[one.value]) for one in Membership)

    def evaluate(self) -> None:
        """Count whom the draft reaches, or note in it what is wrong."""
        of = self.segment.pk if self.segment else None
        try:
            tree = parse(self.draft.to_json())
            self.reach = evaluation.reach_of(self.workspace.pk, tree, of=of)
            self.tree = tree
        except InvalidTree as error:
            self.draft.blame(error)

    @cached_property
    def whats(self) -> list[choices.What]:
        return choices.whats(self.workspace, besides=self.segment)

    @cached_property
    def included(self) -> list[ShownGroup]:
        counts = self.reach.groups if self.reach else ()
        return self._shown(self.draft.included, counts)

    @cached_property
    def excluded(self) -> list[ShownGroup]:
        counts = self.reach.exclusions if self.reach else ()
        return self._shown(self.draft.excluded, counts)

    @property
    def share(self) -> float | None:
        """Percent of everyone."""
        if self.reach is None or not self.reach.everyone:
            return None
        return 100 * self.reach.total / self.reach.everyone

    @property
    def leaves_nobody_out(self) -> bool:
        """Whether there are filters and all of them change nothing: hardly what is meant."""
        if self.reach is None or not (self.reach.groups or self.reach.exclusions):
            return False
        return self.reach.total == self.reach.everyone > 0

    def _shown(self, groups: list[DraftGroup], counts: Any) -> list[ShownGroup]:
        """Groups with their counts, which go to those that have filters, in order."""
        left = list(counts)
        shown = []
        for number, group in enumerate(groups, start=1):
            reach = left.pop(0) if left and group.filled else None
            rows = [self._shown_row(row) for row in group.rows]
            filters = list(getattr(reach, "filters", ()))
            for row in rows:
                if filters and not row.draft.is_blank:
                    row.reach = filters.pop(0)
            shown.append(ShownGroup(group, number, rows, reach))
        return shown

    def _shown_row(self, row: DraftRow) -> ShownRow:
        offered = {what.value: what for what in self.whats}
        first = next(iter(self.whats), choices.What("", ""))
        what = offered.get(row.what) or (choices.What(row.what, row.what) if row.what else first)
        picks = self._picks(what.value, row.search, tuple(row.values))
        return ShownRow(row, what, picks)

    def _picks(self, what: str, search: str, chosen: tuple[str, ...]) -> list[choices.Pick]:
        """Read once for all rows that would show the same."""
        key = what, search, chosen
        if key not in self._read_picks:
            self._read_picks[key] = choices.picks(
                self.workspace, what, search, chosen=chosen, besides=self.segment
            )
        return self._read_picks[key]

    @cached_property
    def _read_picks(self) -> dict[tuple[str, str, tuple[str, ...]], list[choices.Pick]]:
        return {}
