"""Membership of another segment."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from pyroaring import BitMap64

from segments.filters.base import (
    Block,
    Filter,
    Membership,
    Reference,
    Row,
    SegmentReference,
    held_by,
)
from segments.reading import Node


@dataclass(frozen=True)
class SegmentFilter(Filter):
    """Users whom another segment of the workspace reaches, or doesn't."""

    kind = "segment"

    operator: Membership
    segment: UUID

    def positions(self, block: Block) -> BitMap64:
        members = block.segment(SegmentReference(self.segment))
        return held_by(members, self.operator, block.known)

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "operator": self.operator.value, "segment": str(self.segment)}

    @classmethod
    def read(cls, node: Node) -> Self:
        return cls(
            operator=node.choice("operator", Membership),
            segment=node.uuid("segment", "the id of a segment"),
        )

    def row(self) -> Row:
        return Row(self.kind, self.operator.value, (str(self.segment),))

    @classmethod
    def json_of(cls, row: Row) -> dict[str, Any]:
        return {"kind": cls.kind, "operator": row.operator, "segment": "".join(row.values)}

    def references(self) -> Iterator[tuple[str, Reference]]:
        yield "segment", SegmentReference(self.segment)
