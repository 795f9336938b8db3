"""The landing page: figures, what needs somebody, and panels, which the apps contribute.

Each part is registered with the permission that it asks for, and read for the workspace
that somebody looks at. How many queries a part takes must not grow with what it looks at.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.http import HttpRequest
from django.utils.functional import cached_property

from workspaces.current import current_workspace
from workspaces.models import Workspace

# Of everything that one part lists.
MOST = 6


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its name, and a sentence about where it is going."""

    name: Any
    number: int
    path: str
    icon: str
    trend: Any = ""


class Urgency(StrEnum):
    BROKEN = "broken"
    SOON = "soon"


@dataclass(frozen=True, slots=True)
class Matter:
    """Something that somebody should look at, in one sentence, and where."""

    name: Any
    words: Any
    path: str
    urgency: Urgency = Urgency.SOON


@dataclass(frozen=True, slots=True)
class Panel:
    """A card of its own: a template that finds `content` in its context as `panel.content`.

    `path` leads to all of what it shows some of.
    """

    title: Any
    template: str
    content: Any
    path: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    figures: Sequence[Figure] = ()
    matters: Sequence[Matter] = ()
    panels: Sequence[Panel] = ()


Reader = Callable[[Workspace], Part]

# By place on the page, then the permission and the reader.
_readers: dict[int, tuple[str, Reader]] = {}


def register(place: int, permission: str, reader: Reader) -> None:
    """Have `reader` contribute for those with the permission; for `AppConfig.ready()`.

    Parts stand in the order of their places.
    """
    _readers[place] = (permission, reader)


@dataclass
class Overview:
    workspace: Workspace | None
    parts: list[Part] = field(default_factory=list)

    @cached_property
    def figures(self) -> list[Figure]:
        return [figure for part in self.parts for figure in part.figures]

    @cached_property
    def matters(self) -> list[Matter]:
        """What is broken stands before what will be."""
        found = [matter for part in self.parts for matter in part.matters]
        return sorted(found, key=lambda matter: matter.urgency is not Urgency.BROKEN)

    @cached_property
    def panels(self) -> list[Panel]:
        return [panel for part in self.parts for panel in part.panels]


def read(request: HttpRequest) -> Overview:
    """All parts that the person may see, of the workspace that they look at."""
    workspace = current_workspace(request)
    if workspace is None:
        return Overview(None)
    return Overview(
        workspace,
        [
            reader(workspace)
            for _place, (permission, reader) in sorted(_readers.items())
            if request.user.has_perm(permission)
        ],
    )
