"""Keys as a page lists them: those that open something first, the others folded away."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import pgettext_lazy

from common.models import ApiKey

# Of those that open nothing any more; the audit log has them all.
MOST_PAST = 50

# How long before its end a key is marked. The metrics count from then on, too.
NOTICE = timedelta(days=14)

TONES = {"live": "success", "expired": "warning", "invalidated": "danger"}
WORDS = {
    "live": pgettext_lazy("key", "live"),
    "expired": pgettext_lazy("key", "expired"),
    "invalidated": pgettext_lazy("key", "invalidated"),
}


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key, and where it is looked at, rotated and invalidated; "" where it can't be."""

    key: ApiKey
    owner: Any = None
    path: str = ""
    rotate_path: str = ""
    invalidate_path: str = ""

    @property
    def masked(self) -> str:
        """What may be shown of it: its public id and its last four characters."""
        return f"{self.key.prefix}_…{self.key.last_four}"

    @property
    def tone(self) -> str:
        return "warning" if self.is_ending else TONES[self.key.state]

    @property
    def is_ending(self) -> bool:
        """Whether it is time to hand a successor over."""
        ends = self.key.expires_at
        return self.key.state == "live" and ends is not None and ends < timezone.now() + NOTICE

    @property
    def words(self) -> str:
        return str(WORDS[self.key.state])


@dataclass
class KeyTable:
    live: list[KeyRow] = field(default_factory=list)
    past: list[KeyRow] = field(default_factory=list)

    @classmethod
    def of(cls, keys: Iterable[ApiKey], row: Callable[[ApiKey], KeyRow]) -> "KeyTable":
        """`row` says what can be done with a key; nothing can with one that is past."""
        table = cls()
        for key in keys:
            if key.state == "live":
                table.live.append(row(key))
            elif len(table.past) < MOST_PAST:
                past = row(key)
                table.past.append(KeyRow(key, past.owner, past.path))
        return table
