"""What the rows of a draft can be about and have picked: read once a rendering, if it is shown."""

from django.utils.functional import cached_property

from segments.builder import choices, picks
from segments.builder.draft import Draft, DraftRow
from segments.filters.base import CohortReference
from segments.models import Segment
from workspaces.models import Workspace


class Offers:
    """`of` is the segment being edited, which isn't offered to itself."""

    def __init__(self, workspace: Workspace, draft: Draft, of: Segment | None) -> None:
        self._workspace = workspace
        self._draft = draft
        self._of = of

    @cached_property
    def whats(self) -> list[choices.What]:
        return choices.whats(self._workspace, of=self._of)

    @property
    def headings(self) -> list[tuple[str, list[choices.What]]]:
        return choices.under_headings(self.whats)

    @property
    def has_cohorts(self) -> bool:
        return any(what.value.startswith("cohort/") for what in self.whats)

    def what(self, row: DraftRow) -> choices.What:
        """What the row is about; the first there is, where it doesn't say."""
        if not row.what:
            return self.whats[0]
        found = next((what for what in self.whats if what.value == row.what), None)
        return found or choices.missing(row.what)

    def chosen(self, row: DraftRow) -> list[picks.Pick]:
        """The row's values as they are picked, what isn't there any more by its value alone."""
        found = (self._known.get(_key(row, value)) for value in row.values)
        return [
            one or picks.Pick(value, value) for one, value in zip(found, row.values, strict=True)
        ]

    def find(self, row: DraftRow) -> picks.Page:
        what = self.what(row).value
        return picks.find(self._workspace, what, row.search, of=self._of)

    @cached_property
    def _known(self) -> dict[CohortReference | str, picks.Pick]:
        """Everything that the rows have picked."""
        cohorts, segments = set(), set()
        for row in self._draft.rows:
            for value in row.values:
                key = _key(row, value)
                if isinstance(key, CohortReference):
                    cohorts.add(key)
                elif row.what == "segment":
                    segments.add(value)
        found: dict[CohortReference | str, picks.Pick] = {}
        for reference, pick in picks.chosen_cohorts(self._workspace, cohorts).items():
            found[reference] = pick
        for key, pick in picks.chosen_segments(self._workspace, segments).items():
            found[key] = pick
        return found


def _key(row: DraftRow, value: str) -> CohortReference | str:
    kind, _slash, about = row.what.partition("/")
    return CohortReference(about, value) if kind == "cohort" else value
