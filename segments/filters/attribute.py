"""What is known about users: standard fields and custom attributes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from pyroaring import BitMap64

from profiles.custom_values import LONGEST_NAME
from profiles.facets.asks import Ask, attribute
from segments.filters.base import AttributeReference, Block, Filter, Reference, Row
from segments.filters.comparing import Comparison, json_of, takes_values
from segments.operators import OPERATORS
from segments.reading import Node


@dataclass(frozen=True)
class AttributeFilter(Filter):
    """Users whose attribute compares like that. Its name is compared byte for byte."""

    kind = "attribute"

    name: str
    comparison: Comparison

    def positions(self, block: Block) -> BitMap64:
        return self.comparison.positions(attribute(self.name), block)

    def asks(self, moment: datetime) -> Iterator[Ask]:
        yield self.comparison.ask(attribute(self.name), moment)

    def references(self) -> Iterator[tuple[str, Reference]]:
        yield "name", AttributeReference(self.name)

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "name": self.name, **self.comparison.to_json()}

    @classmethod
    def read(cls, node: Node) -> Self:
        return cls(node.text("name", longest=LONGEST_NAME), Comparison.read(node, OPERATORS))

    def row(self) -> Row:
        compared = self.comparison
        return Row(f"{self.kind}/{self.name}", compared.operator.value, compared.texts())

    @classmethod
    def json_of(cls, row: Row) -> dict[str, Any]:
        name = row.what.partition("/")[2]
        return {"kind": cls.kind, "name": name, **json_of(row.operator, row.values, OPERATORS)}

    @classmethod
    def takes_values(cls, operator: str) -> bool:
        return takes_values(operator, OPERATORS)
