"""What filters on values share: an operator and its values, read, shown and asked. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from pyroaring import BitMap64

from profiles.facets.asks import Ask, Subject
from profiles.facets.values import time_of
from segments.filters.base import Block
from segments.operators import Operator, Takes, Value, Values, is_day
from segments.reading import InvalidTree, Node

MOST_TEXTS = 256
LONGEST_TEXT = 5_000
LARGEST_NUMBER = 2**63
MOST_DAYS = 36_500


@dataclass(frozen=True, slots=True)
class Comparison:
    """`operator` and `values` of a filter's JSON."""

    operator: Operator
    values: Values = ()

    @classmethod
    def read(cls, node: Node, operators: Mapping[str, Operator]) -> Self:
        """Raises `InvalidTree` for another operator, and for values that it doesn't take."""
        operator = operators[node.one_of("operator", operators)]
        return cls(operator, _READERS[operator.takes](node))

    def ask(self, subject: Subject, moment: datetime) -> Ask:
        """Who passes the test, whichever of its pair the operator is."""
        return Ask(subject, self.operator.kind, self.operator.test(self.values, moment))

    def positions(self, subject: Subject, block: Block) -> BitMap64:
        found = block.holding(self.ask(subject, block.moment))
        return block.known - found if self.operator.takes_blanks else block.known & found

    def to_json(self) -> dict[str, Any]:
        values = {"values": list(self.values)} if self.values else {}
        return {"operator": self.operator.value, **values}

    def texts(self) -> tuple[str, ...]:
        """The values as people type them."""
        return tuple(str(value) for value in self.values)


def json_of(operator: str, texts: tuple[str, ...], operators: Mapping[str, Operator]) -> Any:
    """The JSON of what somebody chose and typed; still to be read."""
    found = operators.get(operator)
    is_number = found is not None and found.takes in _NUMBERS
    values = [_number(text) if is_number else text for text in texts]
    return {"operator": operator, **({"values": values} if values else {})}


def takes_values(operator: str, operators: Mapping[str, Operator]) -> bool:
    found = operators.get(operator)
    return found is None or found.takes is not Takes.NOTHING


def _number(text: str) -> Value:
    """The number that is meant, or the text, which reading refuses."""
    for convert in (int, float):
        try:
            return convert(text.strip())
        except ValueError:
            continue
    return text


def _nothing(node: Node) -> Values:
    node.values("values", least=0, most=0)
    return ()


def _texts(most: int) -> Any:
    return lambda node: node.texts("values", most=most, longest=LONGEST_TEXT)


def _numbers(count: int) -> Any:
    def read(node: Node) -> Values:
        values = node.values("values", least=count, most=count)
        for index, value in enumerate(values):
            is_number = type(value) in (int, float)
            # Also refuses what is not a number, and infinities.
            if not is_number or not abs(value) <= LARGEST_NUMBER:  # type: ignore[arg-type]
                raise InvalidTree(f"{node.at('values')}[{index}] must be a number up to 2^63")
        if values != sorted(values):  # type: ignore[type-var]
            raise InvalidTree(f"{node.at('values')} must have the smaller number first")
        return tuple(values)  # type: ignore[arg-type]

    return read


def _times(count: int, *, days_only: bool = False) -> Any:
    def read(node: Node) -> Values:
        values = node.values("values", least=count, most=count)
        what = "a date as YYYY-MM-DD" if days_only else "an ISO-8601 time or date"
        for index, value in enumerate(values):
            fits = isinstance(value, str) and time_of(value) and (is_day(value) or not days_only)
            if not fits:
                raise InvalidTree(f"{node.at('values')}[{index}] must be {what}")
        moments = [time_of(str(value)) for value in values]
        if count > 1 and moments[0] > moments[1]:  # type: ignore[operator]
            raise InvalidTree(f"{node.at('values')} must have the earlier time first")
        return tuple(str(value) for value in values)

    return read


def _days(node: Node) -> Values:
    (value,) = node.values("values", least=1, most=1)
    if type(value) is not int or not 0 <= value <= MOST_DAYS:
        raise InvalidTree(f"{node.at('values')}[0] must be a whole number of days up to 36,500")
    return (value,)


_NUMBERS = frozenset({Takes.NUMBER, Takes.TWO_NUMBERS, Takes.DAYS})

_READERS = {
    Takes.NOTHING: _nothing,
    Takes.TEXT: _texts(1),
    Takes.TEXTS: _texts(MOST_TEXTS),
    Takes.NUMBER: _numbers(1),
    Takes.TWO_NUMBERS: _numbers(2),
    Takes.TIME: _times(1),
    Takes.TWO_TIMES: _times(2),
    Takes.DAY: _times(1, days_only=True),
    Takes.DAYS: _days,
}
