"""What a call about identities reports: item by item, so that one never fails its neighbours."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from profiles.activity import Tallies
from profiles.attributes import Patch
from profiles.rules import Key, Refused


class Numbered(Protocol):
    """An item of a call, by its index there."""

    @property
    def index(self) -> int: ...


@dataclass
class Result:
    """How many items were carried out, and what there is to say about some, by index.

    `changed` are the users for whom there is an audit row each: profile id and details.
    """

    processed: int = 0
    problems: list[tuple[int, str]] = field(default_factory=list)
    changed: list[tuple[int, dict[str, int]]] = field(default_factory=list)
    patches: Mapping[int, Patch] = field(default_factory=dict)
    tallies: Tallies = field(default_factory=dict)


I = TypeVar("I", bound=Numbered)  # noqa: E741


def carry_out(items: Iterable[I], act: Callable[[I], Iterable[Key] | None]) -> Result:
    """Let `act` do each item, in order; it returns the aliases that it had to leave out."""
    result = Result()
    for item in items:
        try:
            left_out = act(item)
        except Refused as refused:
            result.problems.append((item.index, str(refused)))
            continue
        result.processed += 1
        for key in left_out or ():
            reason = f"the surviving user has another alias with alias_label {key.label}"
            result.problems.append((item.index, f"{reason}: {key.value} was left out"))
    return result
