"""What every filter kind is made of. To add one, add a module with a `Filter` beside this."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple, Protocol, Self
from uuid import UUID

from pyroaring import BitMap64

from profiles.facets.asks import Ask
from profiles.rules import Kind
from segments.reading import Node


class Membership(StrEnum):
    INCLUDES = "includes"
    DOES_NOT_INCLUDE = "does_not_include"


class CohortReference(NamedTuple):
    """A cohort as trees name it: by its partner's slug and the partner's id for it."""

    partner: str
    external_id: str


class SegmentReference(NamedTuple):
    segment: UUID


class AttributeReference(NamedTuple):
    """An attribute that somebody in the workspace must have had, or a standard field."""

    name: str


class IdentifierReference(NamedTuple):
    """Ids of one kind; aliases with their label."""

    kind: Kind
    label: str
    ids: tuple[str, ...]


Reference = CohortReference | SegmentReference | AttributeReference | IdentifierReference


class Row(NamedTuple):
    """A filter as people read it: *what* · *operator* · *values*.

    `what` is the kind, with what it is about behind a slash: `cohort/tinyclues`, `segment`,
    `attribute/country`, `created_at`, `random_bucket`, `identity`, `identifier/external_id`,
    `identifier/device`, `identifier/alias/LABEL`.
    """

    what: str
    operator: str
    values: tuple[str, ...]


class Block(Protocol):
    """What a filter may look at: 2^16 consecutive profile ids, as positions.

    Cohorts may hold positions that aren't known: ids that still wait for their user.
    What is handed out is shared and must not be changed. `moment` is the one time that
    everything relative counts from.
    """

    known: BitMap64
    moment: datetime

    def cohort(self, reference: CohortReference) -> BitMap64: ...

    def segment(self, reference: SegmentReference) -> BitMap64: ...

    def holding(self, ask: Ask) -> BitMap64: ...

    def named(self, reference: IdentifierReference) -> BitMap64: ...


class Filter(ABC):
    """One condition on a user. Frozen: a tree is shared between evaluations."""

    kind: ClassVar[str]

    @abstractmethod
    def positions(self, block: Block) -> BitMap64:
        """Where in the block the condition holds, all of them known."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]: ...

    @classmethod
    @abstractmethod
    def read(cls, node: Node) -> Self:
        """The filter that a JSON object describes, its `kind` taken out before.

        Raises `InvalidTree`.
        """

    @abstractmethod
    def row(self) -> Row: ...

    @classmethod
    @abstractmethod
    def json_of(cls, row: Row) -> dict[str, Any]:
        """The JSON that a row of the builder stands for; still to be read."""

    def references(self) -> Iterator[tuple[str, Reference]]:
        """What it needs of the workspace, each with the key of the JSON that names it."""
        yield from ()

    def asks(self, moment: datetime) -> Iterator[Ask]:
        """What it will ask a block's users for, of that moment."""
        yield from ()

    @classmethod
    def takes_values(cls, operator: str) -> bool:
        """Whether a row with that operator is unfinished without a value."""
        return True


def held_by(members: BitMap64, operator: Membership, known: BitMap64) -> BitMap64:
    """Known positions inside `members`, or outside of it."""
    return known & members if operator is Membership.INCLUDES else known - members
