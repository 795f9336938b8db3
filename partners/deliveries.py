"""What a partner has delivered: cohorts and uploads, of which only a higher app knows.

That app registers a reader; until one has, partners have delivered nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Delivery:
    """One cohort. `path` is its page in the dashboard."""

    name: str
    external_id: str
    path: str
    matched: int
    waiting: int
    received_at: datetime | None


@dataclass(frozen=True, slots=True)
class Deliveries:
    """The cohorts that a partner keeps in a workspace: how many, and those updated last.

    `path` leads to the list of all; `is_any_named` is false while all go by their id.
    """

    count: int = 0
    latest: Sequence[Delivery] = ()
    path: str = ""
    is_any_named: bool = False

    @property
    def matched(self) -> int:
        """The size of the largest among the latest: above 0 once users match."""
        return max((delivery.matched for delivery in self.latest), default=0)


@dataclass(frozen=True, slots=True)
class Upload:
    """An accepted request that brought users. `path` is its cohort's page, `outcome` in words."""

    at: datetime
    cohort: str
    path: str
    ids: int
    request_id: UUID
    key_id: int | None
    outcome: str


class Reader(Protocol):
    def counts(self, workspace_id: int) -> Mapping[int, int]:
        """How many cohorts each partner keeps there, by its id."""

    def read(self, workspace_id: int, partner_id: int) -> Deliveries:
        """What one partner keeps there, all of one moment."""

    def uploads(self, workspace_id: int, partner_id: int, *, most: int) -> Sequence[Upload]:
        """Its latest uploads, the newest first."""

    def find(self, workspace_id: int, partner_id: int, request_id: UUID) -> Sequence[Upload]:
        """Those that came with that request: one, or none."""


_readers: list[Reader] = []


def register(reader: Reader) -> None:
    """For `AppConfig.ready()` of the app that knows."""
    _readers[:] = [reader]


def counts(workspace_id: int) -> Mapping[int, int]:
    return _readers[0].counts(workspace_id) if _readers else {}


def read(workspace_id: int, partner_id: int) -> Deliveries:
    return _readers[0].read(workspace_id, partner_id) if _readers else Deliveries()


def uploads(workspace_id: int, partner_id: int, *, most: int) -> Sequence[Upload]:
    return _readers[0].uploads(workspace_id, partner_id, most=most) if _readers else ()


def find(workspace_id: int, partner_id: int, request_id: UUID) -> Sequence[Upload]:
    return _readers[0].find(workspace_id, partner_id, request_id) if _readers else ()
