"""What a job can be: kinds that higher apps know, and register in `AppConfig.ready()`."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from imports.models import Job
from imports.rejects import Format, Reject
from imports.sources import Source


class Batch(Protocol):
    """Some rows, read and ready to be stored. `rows` counts all, rejected ones as well."""

    @property
    def rows(self) -> int: ...

    @property
    def offset(self) -> int:
        """Where the rows behind it start in the file."""

    @property
    def checkpoint(self) -> dict[str, Any]:
        """What `Kind.read` needs to go on behind it, as JSON."""


@dataclass(slots=True)
class Outcome:
    """What became of a batch: a count for each of the kind's `counts`, and the rejects."""

    counts: Mapping[str, int] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)


class Kind(Protocol):
    """One kind of job. Its texts are translated when they are shown."""

    name: str
    title: Any  # "Import users"
    counts: Mapping[str, Any]  # the words for its counts, in the order to show them
    guide: str  # the template that explains the file; none for what has a page of its own
    audited: Mapping[str, str]  # by state in which it ends, the action in the audit log
    reads_only: bool  # so that it needn't wait for those that change something

    def check(self, source: Source) -> None:
        """Raise `InvalidFile` when already the first lines say that it can't be done."""

    def rejects(self, source: Source) -> Format:
        """How rejected rows are kept, so that they can be mended and sent again."""

    def read(self, source: Source, checkpoint: Mapping[str, Any]) -> Iterator[Any]:
        """The batches from the checkpoint on, the first time from an empty one.

        Runs in a thread of its own, a batch ahead. Raises `InvalidFile`, and then what was
        yielded before is stored.
        """

    def store(self, job: Job, batch: Any) -> Outcome:
        """Do what the batch says, in the transaction that also moves the checkpoint."""

    def clean_up(self, job: Job) -> None:
        """What helps afterwards, outside any transaction, and isn't missed when it fails."""


class Panel(Protocol):
    """What stands below the report of a job: a template, which gets this as `panel`."""

    template: str


# The panel of a job, None for one that needs none.
PanelOf = Callable[[Job], Panel | None]

_kinds: dict[str, Kind] = {}
_panels: dict[str, PanelOf] = {}


def register(kind: Kind, *, panel: PanelOf | None = None) -> None:
    _kinds[kind.name] = kind
    if panel is not None:
        _panels[kind.name] = panel


def panel_of(job: Job) -> Panel | None:
    return _panels[job.kind](job) if job.kind in _panels else None


def find(name: str) -> Kind:
    """Raises `LookupError` for a kind that no app has registered."""
    return _kinds[name]


def reading() -> list[str]:
    """Names of those that change nothing."""
    return [name for name, kind in _kinds.items() if kind.reads_only]


def uploadable() -> list[Kind]:
    """Those that a file is all there is to."""
    return [kind for kind in _kinds.values() if kind.guide]
