"""Random parts of all users, for tests and for sending in portions."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from pyroaring import BitMap64

from profiles.buckets import BUCKETS
from profiles.facets.asks import RANDOM_BUCKET, Ask
from segments.filters.base import Block, Filter, Row
from segments.filters.comparing import Comparison, json_of, takes_values
from segments.operators import OPERATORS as ALL
from segments.reading import InvalidTree, Node

OPERATORS = {name: ALL[name] for name in ("between", "not_between")}


@dataclass(frozen=True)
class RandomBucketFilter(Filter):
    """Users whose random bucket is in a range; everybody has one, of 0 to 9,999."""

    kind = "random_bucket"

    comparison: Comparison

    def positions(self, block: Block) -> BitMap64:
        return self.comparison.positions(RANDOM_BUCKET, block)

    def asks(self, moment: datetime) -> Iterator[Ask]:
        yield self.comparison.ask(RANDOM_BUCKET, moment)

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, **self.comparison.to_json()}

    @classmethod
    def read(cls, node: Node) -> Self:
        comparison = Comparison.read(node, OPERATORS)
        for index, value in enumerate(comparison.values):
            if type(value) is not int or not 0 <= value < BUCKETS:
                path = f"{node.at('values')}[{index}]"
                raise InvalidTree(f"{path} must be a whole number from 0 to {BUCKETS - 1:,}")
        return cls(comparison)

    def row(self) -> Row:
        return Row(self.kind, self.comparison.operator.value, self.comparison.texts())

    @classmethod
    def json_of(cls, row: Row) -> dict[str, Any]:
        return {"kind": cls.kind, **json_of(row.operator, row.values, OPERATORS)}

    @classmethod
    def takes_values(cls, operator: str) -> bool:
        return takes_values(operator, OPERATORS)
