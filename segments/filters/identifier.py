"""The ids that users have: external ids, aliases by their label, devices."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from pyroaring import BitMap64

from profiles.facets.asks import ALIAS_LABELS, HAS_DEVICE, IDENTIFIED, AnyOf, Ask
from profiles.facets.values import TRUE, ValueKind
from profiles.rules import Kind
from segments.filters.base import Block, Filter, IdentifierReference, Reference, Row
from segments.reading import InvalidTree, Node

MOST_IDS = 256
LONGEST_ID = 512
LONGEST_LABEL = 255


class IdKind(StrEnum):
    EXTERNAL_ID = "external_id"
    ALIAS = "alias"
    DEVICE = "device"


class Having(StrEnum):
    """Each with the one that takes everybody else behind it."""

    HAS = "has"
    HAS_NOT = "has_not"
    IS_ANY_OF = "is_any_of"
    IS_NONE_OF = "is_none_of"


_KINDS = {
    IdKind.EXTERNAL_ID: Kind.EXTERNAL_ID,
    IdKind.ALIAS: Kind.ALIAS,
    IdKind.DEVICE: Kind.DEVICE,
}


@dataclass(frozen=True)
class IdentifierFilter(Filter):
    """Users with an id of that kind, or with one of some ids, compared byte for byte.

    Devices are those that a user has, also where matching ignores them. The external id of a
    user who was merged away still names the survivor.
    """

    kind = "identifier"

    of: IdKind
    operator: Having
    label: str = ""  # of an alias
    ids: tuple[str, ...] = ()

    def positions(self, block: Block) -> BitMap64:
        found = block.named(self._reference()) if self.ids else block.holding(self._ask())
        is_positive = self.operator in (Having.HAS, Having.IS_ANY_OF)
        return block.known & found if is_positive else block.known - found

    def asks(self, moment: datetime) -> Iterator[Ask]:
        if not self.ids:
            yield self._ask()

    def references(self) -> Iterator[tuple[str, Reference]]:
        if self.ids:
            yield "values", self._reference()

    def to_json(self) -> dict[str, Any]:
        label = {"label": self.label} if self.of is IdKind.ALIAS else {}
        values = {"values": list(self.ids)} if self.ids else {}
        json = {"kind": self.kind, "of": self.of.value, **label}
        return {**json, "operator": self.operator.value, **values}

    @classmethod
    def read(cls, node: Node) -> Self:
        of = node.choice("of", IdKind)
        operator = node.choice("operator", Having)
        label = node.text("label", longest=LONGEST_LABEL) if of is IdKind.ALIAS else ""
        ids: tuple[str, ...] = ()
        if operator in (Having.IS_ANY_OF, Having.IS_NONE_OF):
            ids = node.texts("values", most=MOST_IDS, longest=LONGEST_ID)
        elif node.take("values", ()) not in ((), []):
            raise InvalidTree(f"{node.at('values')} must be left out with {operator.value}")
        return cls(of, operator, label, ids)

    def row(self) -> Row:
        label = f"/{self.label}" if self.of is IdKind.ALIAS else ""
        return Row(f"{self.kind}/{self.of.value}{label}", self.operator.value, self.ids)

    @classmethod
    def json_of(cls, row: Row) -> dict[str, Any]:
        _kind, _slash, rest = row.what.partition("/")
        of, _slash, label = rest.partition("/")
        values = {"values": list(row.values)} if row.values else {}
        named = {"label": label} if of == IdKind.ALIAS else {}
        return {"kind": cls.kind, "of": of, **named, "operator": row.operator, **values}

    @classmethod
    def takes_values(cls, operator: str) -> bool:
        return operator not in (Having.HAS, Having.HAS_NOT)

    def _reference(self) -> IdentifierReference:
        return IdentifierReference(_KINDS[self.of], self.label, self.ids)

    def _ask(self) -> Ask:
        if self.of is IdKind.ALIAS:
            label = AnyOf(frozenset({self.label.encode()}))
            return Ask(ALIAS_LABELS, ValueKind.ITEM, label)
        subject = IDENTIFIED if self.of is IdKind.EXTERNAL_ID else HAS_DEVICE
        return Ask(subject, TRUE[0], AnyOf(frozenset({TRUE[1]})))
