"""What the request log and the hourly figures are still to be told, in memory and bounded.

Answering a call never waits for the log: a call that is no upload leaves an entry here,
and `partners.request_log_writer` writes the entries down together, a second later. An
upload leaves nothing: its row in the ledger is its line. So a flood of refusals is a few
statements a second, however many they are, and what a killed process loses is a second.

Every refusal counts. Which of them get a line is capped a minute, by key or address.
"""

import threading
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from uuid import UUID

MOST_LINES = 2_000  # in memory; of more, the newest
MOST_ORIGINS = 1_000  # told apart while counting; all further ones count as nobody's
LINES_A_MINUTE = 60  # of refusals, for each key or address
LINES_A_MINUTE_IN_ALL = 600
ANONYMOUS = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose call it was: certain for one that both keys opened, else what it said of itself.

    `partner` is the slug in the path; keys are the public prefixes that stood in the body.
    """

    partner: str = ""
    partner_api_key: str = ""
    client_secret: str = ""
    partner_id: int | None = None
    workspace_id: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A call that was answered, and is no upload."""

    at: datetime
    origin: Origin
    path: str
    status: int
    code: str
    request_id: UUID
    errors: tuple[str, ...] = ()
    cohort: str = ""
    ids: int | None = None
    address: str | None = None


@dataclass(slots=True)
class Tally:
    """What to add to an hour's figures."""

    refused: int = 0
    failed: int = 0
    unstored: int = 0
    last_error_at: datetime | None = None
    last_unstored_at: datetime | None = None

    def count(self, entry: Entry) -> None:
        if entry.status >= 400:
            if entry.status >= 500:
                self.failed += 1
            else:
                self.refused += 1
            self.last_error_at = _later(self.last_error_at, entry.at)
        elif entry.code != "named":  # which the hour's limit has counted already
            self.unstored += 1
            self.last_unstored_at = _later(self.last_unstored_at, entry.at)

    def add(self, other: "Tally") -> None:
        self.refused += other.refused
        self.failed += other.failed
        self.unstored += other.unstored
        self.last_error_at = _later(self.last_error_at, other.last_error_at)
        self.last_unstored_at = _later(self.last_unstored_at, other.last_unstored_at)


@dataclass(slots=True)
class Batch:
    """Lines to write, oldest first, and what to add to whose hour."""

    lines: list[Entry] = field(default_factory=list)
    tallies: dict[tuple[Origin, datetime], Tally] = field(default_factory=dict)


class Cap:
    """Admits so many of each source a minute, and so many in all."""

    def __init__(self, *, each: int, in_all: int) -> None:
        self._each, self._in_all = each, in_all
        self._minute = -1
        self._admitted: Counter[str] = Counter()

    def admits(self, source: str) -> bool:
        minute = int(monotonic() // 60)
        if minute != self._minute:
            self._minute, self._admitted = minute, Counter()
        if self._admitted.total() >= self._in_all or self._admitted[source] >= self._each:
            return False
        self._admitted[source] += 1
        return True


class Journal:
    """Collects entries from all threads of a process until somebody writes them down."""

    def __init__(self) -> None:
        self.start_over()

    def start_over(self) -> None:
        """Forget everything; for a process that was forked, whose parent writes it down."""
        self._lock = threading.Lock()
        self._something = threading.Event()
        self._lines: deque[Entry] = deque(maxlen=MOST_LINES)
        self._tallies: dict[tuple[Origin, datetime], Tally] = {}
        self._cap = Cap(each=LINES_A_MINUTE, in_all=LINES_A_MINUTE_IN_ALL)

    def note(self, entry: Entry) -> None:
        source = entry.origin.client_secret or entry.address or ANONYMOUS
        with self._lock:
            if entry.status < 400 or self._cap.admits(source):
                self._lines.append(entry)
            self._tally(entry.origin, _hour(entry.at)).count(entry)
        self._something.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Until there is something to write; False when there is nothing after that time."""
        return self._something.wait(seconds)

    def take(self) -> Batch:
        """Everything collected so far, which is the caller's from now on."""
        with self._lock:
            batch = Batch(list(self._lines), self._tallies)
            self._lines.clear()
            self._tallies = {}
            self._something.clear()
        return batch

    def give_back(self, batch: Batch) -> None:
        """What couldn't be written, before what came meanwhile; still within the bounds."""
        with self._lock:
            room = MOST_LINES - len(self._lines)
            self._lines.extendleft(reversed(batch.lines[-room:] if room else []))
            for (origin, hour), tally in batch.tallies.items():
                self._tally(origin, hour).add(tally)
        self._something.set()

    def _tally(self, origin: Origin, hour: datetime) -> Tally:
        place = (origin, hour)
        if place not in self._tallies and len(self._tallies) >= MOST_ORIGINS:
            place = (Origin(), hour)
        return self._tallies.setdefault(place, Tally())


journal = Journal()


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(filter(None, (one, other)), default=None)
