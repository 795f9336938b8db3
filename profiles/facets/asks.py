"""What can be asked about users' values: who has one that passes a test. Pure."""

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from profiles.facets.values import PRESENT, ValueKind


class Origin(IntEnum):
    """Where a user's value comes from."""

    ATTRIBUTE = 0
    # What the profile and its identifiers say (see the subjects below).
    PROFILE = 1


class Subject(NamedTuple):
    """What is asked about: one attribute, or one thing that every user has."""

    origin: Origin
    name: str

    @property
    def is_attribute(self) -> bool:
        return self.origin is Origin.ATTRIBUTE


@lru_cache(10_000)
def attribute(name: str) -> Subject:
    return Subject(Origin.ATTRIBUTE, name)


IDENTIFIED = Subject(Origin.PROFILE, "identified")  # true or false
CREATED_AT = Subject(Origin.PROFILE, "created_at")  # a time
RANDOM_BUCKET = Subject(Origin.PROFILE, "random_bucket")  # a number
HAS_DEVICE = Subject(Origin.PROFILE, "has_device")  # true or false
ALIAS_LABELS = Subject(Origin.PROFILE, "alias_labels")  # items, byte for byte
OF_PROFILE = (IDENTIFIED, CREATED_AT, RANDOM_BUCKET, HAS_DEVICE, ALIAS_LABELS)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of these keys."""

    keys: frozenset[bytes]

    def passes(self, key: bytes) -> bool:
        return key in self.keys


@dataclass(frozen=True, slots=True)
class Span:
    """From `low` up to `high`, which is left out; None is no limit. Not for items."""

    low: bytes | None = None
    high: bytes | None = None

    def passes(self, key: bytes) -> bool:
        return (self.low is None or key >= self.low) and (self.high is None or key < self.high)


@dataclass(frozen=True, slots=True)
class Containing:
    """A key with this inside of it."""

    part: bytes

    def passes(self, key: bytes) -> bool:
        return self.part in key


Test = AnyOf | Span | Containing


@dataclass(frozen=True, slots=True)
class Ask:
    """Whose `subject` has a value of that kind that passes the test."""

    subject: Subject
    kind: ValueKind
    test: Test


def present(subject: Subject) -> Ask:
    return Ask(subject, PRESENT[0], AnyOf(frozenset({PRESENT[1]})))


def after(key: bytes) -> bytes:
    """The first key behind this one."""
    return key + b"\0"


def starting(prefix: bytes) -> Span:
    # No key of a text has the byte 0xff in it.
    return Span(prefix, prefix + b"\xff")
