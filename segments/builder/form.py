"""The segment form: rows of what · operator · values, with the exact reach beside them.

Every button posts the whole form and gets it back changed, so it works without JavaScript.
With it, the same answers are worked into the page, and counts follow every edit.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from segments import freshness
from segments.builder import cautions, panel
from segments.builder.draft import Draft, DraftGroup, DraftRow
from segments.builder.lookup import Looked, look_up
from segments.builder.offers import Offers
from segments.builder.panel import Panel
from segments.builder.showing import ShownGroup, ShownRow, Step
from segments.explaining import FilterAnswer
from segments.filters.base import CohortReference
from segments.forms import SegmentForm
from segments.freshness import CohortState
from segments.models import Segment
from segments.reach import GroupReach, Reach
from segments.reading import InvalidTree
from segments.tree import Tree, parse
from workspaces.models import Workspace


@dataclass
class Builder:
    """One rendering of the form. `tree` is None while the draft has something wrong in it."""

    workspace: Workspace
    form: SegmentForm
    draft: Draft
    segment: Segment | None = None
    # Whether scripts run: they search for themselves, so nothing is offered beforehand.
    is_live: bool = False
    # The row whose search was asked for by its button.
    finds: str = ""
    # By what a user is looked up, and what came of it.
    lookup_text: str = ""
    looked: Looked | None = field(init=False, default=None)
    tree: Tree | None = field(init=False, default=None)
    panel: Panel | None = field(init=False, default=None)

    def evaluate(self) -> None:
        """Count whom the draft reaches, or note in it what is wrong."""
        of = self.segment.pk if self.segment else None
        try:
            tree = parse(self.draft.to_json())
            self.panel = panel.read(self.workspace.pk, tree, of=of)
            self.tree = tree
        except InvalidTree as error:
            self.draft.blame(error)
        if self.tree and self.lookup_text:
            self.looked = look_up(self.workspace.pk, self.tree, self.lookup_text)

    @property
    def reach(self) -> Reach | None:
        return self.panel.reach if self.panel else None

    @cached_property
    def offers(self) -> Offers:
        return Offers(self.workspace, self.draft, self.segment)

    @cached_property
    def included(self) -> list[ShownGroup]:
        counts = self.panel.reach.groups if self.panel else ()
        return self._shown(self.draft.included, counts)

    @cached_property
    def excluded(self) -> list[ShownGroup]:
        counts = self.panel.exclusions if self.panel else ()
        shown = self._shown(self.draft.excluded, counts)
        removed = iter(self.panel.reach.exclusions if self.panel else ())
        for group in shown:
            group.removed = next(removed).removed if group.reach else None
        return shown

    @property
    def share(self) -> float | None:
        """Percent of everyone."""
        if self.reach is None or not self.reach.everyone:
            return None
        return 100 * self.reach.total / self.reach.everyone

    @property
    def steps(self) -> list[Step]:
        """From everyone to those reached, group by group."""
        if self.reach is None or not (self.reach.groups or self.reach.exclusions):
            return []
        everyone = self.reach.everyone
        steps = [Step(_("Everyone"), everyone, everyone)]
        for group in self.included:
            if group.reach:
                steps.append(Step(group.title, group.reach.running, everyone))
        left = steps[-1].left
        for group in self.excluded:
            if group.removed is not None:
                left -= group.removed
                steps.append(Step(group.title, left, everyone, group.removed))
        return steps

    @cached_property
    def warnings(self) -> list[tuple[cautions.Caution, str]]:
        """Each with the key of the group that AND would mend."""
        if self.reach is None or self.tree is None:
            return []
        return [(one, self._key_of(one)) for one in cautions.of(self.tree, self.reach)]

    def _key_of(self, caution: cautions.Caution) -> str:
        if caution.group is None:
            return ""
        groups = self.draft.excluded if caution.is_exclusion else self.draft.included
        return [group.key for group in groups if group.filled][caution.group]

    def _shown(self, groups: list[DraftGroup], counts: Iterable[GroupReach]) -> list[ShownGroup]:
        """Groups with their counts, which go to those that have filters, in order."""
        left = list(counts)
        shown = []
        for number, group in enumerate(groups, start=1):
            reach = left.pop(0) if left and group.filled else None
            rows = [self._shown_row(row) for row in group.rows]
            filters = list(reach.filters) if reach else []
            for row in rows:
                if filters and not row.draft.is_blank:
                    row.reach = filters.pop(0)
            shown.append(ShownGroup(group, number, rows, reach))
        return shown

    def _shown_row(self, row: DraftRow) -> ShownRow:
        return ShownRow(
            row,
            self.offers,
            finds=not self.is_live and (row.is_blank or row.key == self.finds),
            answer=self._answers.get(row.key),
            states=self._states(row),
        )

    def _states(self, row: DraftRow) -> list[CohortState]:
        kind, _slash, partner = row.what.partition("/")
        if self.panel is None or kind != "cohort":
            return []
        references = {CohortReference(partner, value) for value in row.values}
        return freshness.named(self.panel.freshness, references)

    @cached_property
    def _answers(self) -> dict[str, FilterAnswer]:
        """What each filter makes of the user who was looked up, by its row's key."""
        groups = (*self.draft.included, *self.draft.excluded)
        keys = [row.key for group in groups for row in group.filled]
        return dict(zip(keys, self.looked.answers if self.looked else (), strict=False))
