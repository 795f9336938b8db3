"""Identified or anonymous: whether users have an external id."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from pyroaring import BitMap64

from profiles.facets.asks import IDENTIFIED, AnyOf, Ask
from profiles.facets.values import TRUE
from segments.filters.base import Block, Filter, Row
from segments.reading import Node

_ASK = Ask(IDENTIFIED, TRUE[0], AnyOf(frozenset({TRUE[1]})))


class Identity(StrEnum):
    IS_IDENTIFIED = "is_identified"
    IS_ANONYMOUS = "is_anonymous"


@dataclass(frozen=True)
class IdentityFilter(Filter):
    """Users with an external id, or those without."""

    kind = "identity"

    operator: Identity

    def positions(self, block: Block) -> BitMap64:
        found = block.holding(_ASK)
        is_identified = self.operator is Identity.IS_IDENTIFIED
        return block.known & found if is_identified else block.known - found

    def asks(self, moment: datetime) -> Iterator[Ask]:
        yield _ASK

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "operator": self.operator.value}

    @classmethod
    def read(cls, node: Node) -> Self:
        return cls(node.choice("operator", Identity))

    def row(self) -> Row:
        return Row(self.kind, self.operator.value, ())

    @classmethod
    def json_of(cls, row: Row) -> dict[str, Any]:
        return {"kind": cls.kind, "operator": row.operator}

    @classmethod
    def takes_values(cls, operator: str) -> bool:
        return False
