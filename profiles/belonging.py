"""What a user belongs to, for pages and exports. Cohorts and segments know, and register.

The other way round than `profiles.memberships`, which changes what this only reads.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from common.snapshots import snapshot


@dataclass(frozen=True, slots=True)
class Belonging:
    """One thing that a user is in. `path` is its page in the dashboard.

    `partner` is the name of the partner that a cohort is of, by whose slug and `id` the calls
    of the API name it. `since` and `source` say when the user came in and through what (the
    number of an upload), as far as that is still kept.
    """

    name: str
    id: str
    path: str
    partner: str = ""
    partner_slug: str = ""
    since: datetime | None = None
    source: str = ""


class Reader(Protocol):
    """Someone who knows what users belong to."""

    def __call__(
        self, workspace_id: int, profile_ids: Sequence[int]
    ) -> Mapping[int, Sequence[Belonging]]:
        """For every profile id what it belongs to, by name; of one moment."""


_readers: dict[str, Reader] = {}


def register(what: str, reader: Reader) -> None:
    """Have `reader` answer for `what` (`cohorts`, `segments`); for `AppConfig.ready()`."""
    _readers[what] = reader


def read(
    workspace_id: int, profile_ids: Sequence[int], *, only: Collection[str] | None = None
) -> dict[str, Mapping[int, Sequence[Belonging]]]:
    """What those users belong to, by what it is (all, or `only` some) and profile id.

    All of it is of one moment.
    """
    asked = {what: each for what, each in _readers.items() if only is None or what in only}
    with snapshot():
        return {what: reader(workspace_id, profile_ids) for what, reader in asked.items()}
