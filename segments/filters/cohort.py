"""Membership of a partner's cohorts, the "Tinyclues Cohorts" filter."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

from pyroaring import BitMap64

from segments.filters.base import (
    Block,
    CohortReference,
    Filter,
    Membership,
    Reference,
    Row,
    held_by,
)
from segments.reading import Node

MOST_COHORTS = 256


@dataclass(frozen=True)
class CohortFilter(Filter):
    """Users in any of several cohorts of one partner, or in none of them."""

    kind = "cohort"

    partner: str
    operator: Membership
    cohorts: tuple[str, ...]

    def positions(self, block: Block) -> BitMap64:
        found = [block.cohort(CohortReference(self.partner, name)) for name in self.cohorts]
        members = found[0] if len(found) == 1 else BitMap64.union(*found)
        return held_by(members, self.operator, block.known)

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "partner": self.partner,
            "operator": self.operator.value,
            "cohorts": list(self.cohorts),
        }

    @classmethod
    def read(cls, node: Node) -> Self:
        return cls(
            partner=node.text("partner", longest=50),
            operator=node.choice("operator", Membership),
            cohorts=node.texts("cohorts", most=MOST_COHORTS, longest=255),
        )

    def row(self) -> Row:
        return Row(f"{self.kind}/{self.partner}", self.operator.value, self.cohorts)

    @classmethod
    def json_of(cls, row: Row) -> dict[str, Any]:
        return {
            "kind": cls.kind,
            "partner": row.what.partition("/")[2],
            "operator": row.operator,
            "cohorts": list(row.values),
        }

    def references(self) -> Iterator[tuple[str, Reference]]:
        for index, name in enumerate(self.cohorts):
            yield f"cohorts[{index}]", CohortReference(self.partner, name)
