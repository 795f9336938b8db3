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
    """A CSV file in parts: every recipient of every step, then the control group.

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
    for sending in launch.sendings.select_related("step").order_by("due_at"):
        step = sending.step.position + 1
        deeds = results.deeds(sending)
        for key, fate, reason, detail in results.recipients(sending):
            did = [int(key in deeds[deed]) for deed in Deed]
            yield key, (step, fate, reason, detail, *did)
    blocks = launch.blocks.filter(cohort_id=LaunchBlock.CONTROL).order_by("number")
    for block in blocks.iterator():
        for position in block.members:
            key = (block.number << BLOCK_BITS) + position
            yield key, ("", "held_out", "", "", 0, 0, 0)


def _parts(rows: Iterable[Line]) -> Iterator[list[Line]]:
    part: list[Line] = []
    for row in rows:
        part.append(row)
        if len(part) == _AT_ONCE:
            yield part
            part = []
    if part:
        yield part
