"""When users were created."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from pyroaring import BitMap64

from profiles.facets.asks import CREATED_AT, Ask
from profiles.facets.values import ValueKind
from segments.filters.base import Block, Filter, Row
from segments.filters.comparing import Comparison, json_of, takes_values
from segments.operators import of_kind
from segments.reading import Node

OPERATORS = of_kind(ValueKind.TIME)


@dataclass(frozen=True)
class CreatedAtFilter(Filter):
    """Users created then. Of a merged user that is the earlier time of the two."""

    kind = "created_at"

    comparison: Comparison

    def positions(self, block: Block) -> BitMap64:
        return self.comparison.positions(CREATED_AT, block)

    def asks(self, moment: datetime) -> Iterator[Ask]:
        yield self.comparison.ask(CREATED_AT, moment)

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, **self.comparison.to_json()}

    @classmethod
    def read(cls, node: Node) -> Self:
        return cls(Comparison.read(node, OPERATORS))

    def row(self) -> Row:
        return Row(self.kind, self.comparison.operator.value, self.comparison.texts())

    @classmethod
    def json_of(cls, row: Row) -> dict[str, Any]:
        return {"kind": cls.kind, **json_of(row.operator, row.values, OPERATORS)}

    @classmethod
    def takes_values(cls, operator: str) -> bool:
        return takes_values(operator, OPERATORS)
