"""One change of many segments: each by itself, so that one that can't be made stops no other."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from segments import services
from segments.api.requests import MOST_TAGS
from segments.models import Segment
from workspaces import audit


@dataclass(slots=True)
class Outcome:
    """How many were changed; how many needn't be; and which couldn't, with the reason."""

    changed: int = 0
    unchanged: int = 0
    refused: list[services.InvalidSegment] = field(default_factory=list)


class TooManyTags(services.InvalidSegment):
    def __init__(self, segment: Segment) -> None:
        self.segment = segment
        super().__init__(f"{segment.name} would have more than {MOST_TAGS} tags")


def archive(segments: Iterable[Segment], *, by: audit.Actor) -> Outcome:
    """Archive those that nothing uses.

    One that is used only by others among them goes too, after those: so all are tried until
    no more can go.
    """
    outcome = Outcome()
    left = [segment for segment in segments if segment.archived_at is None]
    while left:
        refused = _each(left, lambda segment: services.archive(segment, by=by), outcome)
        if len(refused) == len(left):
            break
        left, outcome.refused = refused, []
    return outcome


def tag(segments: Iterable[Segment], tags: Collection[str], *, by: audit.Actor) -> Outcome:
    """Add the tags to each that lacks some of them."""

    def change(segment: Segment) -> None:
        wanted = list(dict.fromkeys([*segment.tags, *tags]))
        if len(wanted) > MOST_TAGS:
            raise TooManyTags(segment)
        services.update(segment, tags=wanted, by=by)

    return _retagged(segments, lambda held: not set(tags) <= held, change)


def untag(segments: Iterable[Segment], tags: Collection[str], *, by: audit.Actor) -> Outcome:
    """Take the tags from each that has any of them."""

    def change(segment: Segment) -> None:
        left = [tag for tag in segment.tags if tag not in tags]
        services.update(segment, tags=left, by=by)

    return _retagged(segments, lambda held: bool(set(tags) & held), change)


def _retagged(
    segments: Iterable[Segment],
    has_to: Callable[[set[str]], bool],
    change: Callable[[Segment], None],
) -> Outcome:
    outcome = Outcome()
    concerned = []
    for segment in segments:
        if has_to(set(segment.tags)):
            concerned.append(segment)
        else:
            outcome.unchanged += 1
    _each(concerned, change, outcome)
    return outcome


def _each(
    segments: Iterable[Segment], change: Callable[[Segment], None], outcome: Outcome
) -> list[Segment]:
    """Try each; those that were refused, whose reasons are in the outcome."""
    refused = []
    for segment in segments:
        try:
            change(segment)
            outcome.changed += 1
        except services.InvalidSegment as error:
            outcome.refused.append(error)
            refused.append(segment)
    return refused
