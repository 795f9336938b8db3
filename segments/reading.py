"""Strict reading of JSON: each value is taken by its key, and what is left over is refused."""

from collections.abc import Collection
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

Choice = TypeVar("Choice", bound=StrEnum)

_REQUIRED = object()
_LONGEST_QUOTE = 60


class InvalidTree(ValueError):
    """Why a filter tree can't be used: sentences that begin with the path of their node."""

    def __init__(self, *problems: str) -> None:
        self.problems = list(problems)
        super().__init__(" ".join(problems))


class Node:
    """One JSON object and the path that leads to it. Every method takes one key out.

    Values are never repeated in a problem unless they are known to be plain text, so that
    no input, however odd, can spoil the answer that refuses it.
    """

    def __init__(self, value: object, path: str) -> None:
        if not isinstance(value, dict):
            raise InvalidTree(f"{path} must be an object")
        self.path = path
        self._left = dict(value)

    def at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def take(self, key: str, default: object = _REQUIRED) -> object:
        value = self._left.pop(key, default)
        if value is _REQUIRED:
            raise InvalidTree(f"{self.at(key)} is required")
        return value

    def text(self, key: str, *, longest: int) -> str:
        """A string of 1 to `longest` characters."""
        return _text(self.take(key), self.at(key), longest)

    def optional_text(self, key: str, *, longest: int) -> str:
        """The same, or nothing: the key is missing or its string is empty."""
        value = self.take(key, "")
        return "" if value == "" else _text(value, self.at(key), longest)

    def texts(self, key: str, *, most: int, longest: int) -> tuple[str, ...]:
        """1 to `most` different strings, each once, in the order given."""
        values = self._list(key, self.take(key), most)
        if not values:
            raise InvalidTree(f"{self.at(key)} must name at least one")
        found = [_text(item, f"{self.at(key)}[{i}]", longest) for i, item in enumerate(values)]
        return tuple(dict.fromkeys(found))

    def choice(self, key: str, choices: type[Choice], default: Choice | None = None) -> Choice:
        value = self.take(key, _REQUIRED if default is None else default)
        for option in choices:
            if value == option:
                return option
        raise InvalidTree(f"{self.at(key)} must be {_either(list(choices))}")

    def one_of(self, key: str, names: Collection[str]) -> str:
        """One of those strings."""
        value = self.take(key)
        if isinstance(value, str) and value in names:
            return value
        raise InvalidTree(f"{self.at(key)} must be {' or '.join(names)}")

    def values(self, key: str, *, least: int, most: int) -> list[object]:
        """An array of so many values of any kind; without the key, of none."""
        values = self._list(key, self.take(key, ()), most)
        if len(values) < least:
            raise InvalidTree(f"{self.at(key)} must hold {least}")
        return values

    def uuid(self, key: str, what: str) -> UUID:
        text = self.text(key, longest=64)
        try:
            return UUID(text)
        except ValueError as error:
            raise InvalidTree(f"{self.at(key)} must be {what}") from error

    def nodes(self, key: str, *, most: int) -> list["Node"]:
        values = self._list(key, self.take(key, ()), most)
        return [Node(value, f"{self.at(key)}[{index}]") for index, value in enumerate(values)]

    def close(self) -> None:
        """Refuse whatever nobody took."""
        if self._left:
            raise InvalidTree(*(f"{self.at(quoted(key))} is not known" for key in self._left))

    def _list(self, key: str, value: object, most: int) -> list[object]:
        if value == ():
            return []
        if not isinstance(value, list):
            raise InvalidTree(f"{self.at(key)} must be an array")
        if len(value) > most:
            raise InvalidTree(f"{self.at(key)} must hold at most {most}, not {len(value)}")
        return value


def quoted(text: object) -> str:
    """Somebody's text as part of a message: short, printable and encodable."""
    safe = str(text).encode("ascii", "backslashreplace").decode()
    printable = "".join(character if character.isprintable() else "?" for character in safe)
    return printable[:_LONGEST_QUOTE]


def _text(value: object, path: str, longest: int) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= longest:
        raise InvalidTree(f"{path} must be a string of 1 to {longest} characters")
    # PostgreSQL stores neither NUL nor half a surrogate pair.
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise InvalidTree(f"{path} must be text without NUL")
    return value


def _either(choices: list[Choice]) -> str:
    return " or ".join(choice.value for choice in choices)
