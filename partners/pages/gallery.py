"""The gallery: a tile for every partner, with how it is doing in the workspace."""

from collections.abc import Mapping
from dataclasses import dataclass

from partners import deliveries, health_states
from partners.health_states import NOT_CONNECTED, Kind, State
from partners.models import Partner
from workspaces.models import Workspace

# What needs somebody stands first, what isn't connected last.
ORDER = (Kind.FAILING, Kind.SILENT, Kind.RECEIVING, Kind.CONNECTED, Kind.DISABLED)

# Tiles have as many colours, so that a partner is recognised before its name is read.
MARKS = 6


@dataclass(frozen=True, slots=True)
class Tile:
    partner: Partner
    state: State
    cohorts: int = 0

    @property
    def initial(self) -> str:
        return self.partner.name[:1].upper()

    @property
    def mark(self) -> int:
        """The same for a partner whatever it is called."""
        return sum(self.partner.slug.encode()) % MARKS

    @property
    def is_connected(self) -> bool:
        return self.state.kind is not Kind.NOT_CONNECTED


def tiles(workspace: Workspace | None, text: str = "") -> list[Tile]:
    """The partners with every word of `text` in name or slug: connected ones, then the rest."""
    states: Mapping[int, State] = health_states.states(workspace) if workspace else {}
    cohorts = deliveries.counts(workspace.pk) if workspace else {}
    words = text.casefold().split()
    found = [
        Tile(partner, states.get(partner.pk, NOT_CONNECTED), cohorts.get(partner.pk, 0))
        for partner in Partner.objects.all()
        if all(word in f"{partner.name} {partner.slug}".casefold() for word in words)
    ]
    return sorted(found, key=_place)


def _place(tile: Tile) -> tuple[int, str]:
    place = ORDER.index(tile.state.kind) if tile.state.kind in ORDER else len(ORDER)
    return place, tile.partner.name.casefold()
