"""Everybody whom a launch reached, line by line, for whoever measures a campaign's effect."""

from collections.abc import Iterable, Iterator, Sequence

from campaigns import results
from campaigns.models import Deed, Launch, LaunchBlock
from common.bitmaps import BLOCK_BITS
from common.spreadsheets import write_csv
from profiles.models import Profile

COLUMNS = (
    "step",
    "external_id",
    "braze_id",
    "result",
    "reason",
    "detail",
    "opened",
    "clicked",
    "unsubscribed",
)
_AT_ONCE = 1_000

Line = tuple[int, Sequence[object]]


def lines(launch: Launch) -> Iterator[bytes]:
    """A CSV file in parts: the whole audience for every step, then the control group.

    Memory is that of a thousand lines. Who was deleted since has no external id any more.
    """
    yield write_csv([COLUMNS])
    for part in _parts(_rows(launch)):
        names = dict(
            Profile.objects.filter(pk__in=[key for key, _rest in part]).values_list(
                "pk", "external_id"
            )
        )
        yield write_csv([step, names.get(key) or "", key, *rest] for key, (step, *rest) in part)


def _rows(launch: Launch) -> Iterator[Line]:
    for sending in launch.sendings.select_related("step").order_by("step__position"):
        step = sending.step.position + 1
        if sending.started_at is None:
            for key in _members(launch, LaunchBlock.AUDIENCE):
                yield key, (step, "waiting", "", "", 0, 0, 0)
            continue
        deeds = results.deeds(sending)
        for key, fate, reason, detail in results.recipients(sending):
            did = [int(key in deeds[deed]) for deed in Deed]
            yield key, (step, fate, reason, detail, *did)
    for key in _members(launch, LaunchBlock.CONTROL):
        yield key, ("", "held_out", "", "", 0, 0, 0)


def _members(launch: Launch, part: int) -> Iterator[int]:
    for block in launch.blocks.filter(cohort_id=part).order_by("number").iterator():
        start = block.number << BLOCK_BITS
        yield from (start + position for position in block.members)


def _parts(rows: Iterable[Line]) -> Iterator[list[Line]]:
    part: list[Line] = []
    for row in rows:
        part.append(row)
        if len(part) == _AT_ONCE:
            yield part
            part = []
    if part:
        yield part
