"""Cut the audience of a launch into the batches of a sending, once."""

from collections.abc import Iterable, Iterator
from itertools import islice
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from campaigns.channels import CARRIERS
from campaigns.models import Batch, LaunchBlock, Sending, SendingState
from common.bitmaps import BLOCK_BITS

_ROWS_AT_ONCE = 200


@transaction.atomic
def begin(sending_id: UUID) -> bool:
    """The sending whose time has come has batches, and goes on.

    False if it has them already, or somebody is at it: a large audience takes longer than the
    second until the next bell, and a worker that waited for it would do nothing else.
    """
    sending = (
        Sending.objects.select_for_update(of=["self"], skip_locked=True)
        .select_related("step")
        .filter(pk=sending_id, state=SendingState.WAITING, started_at=None)
        .first()
    )
    if sending is None:
        return False
    add(sending, _audience(sending.launch_id))
    sending.state, sending.started_at = SendingState.SENDING, timezone.now()
    sending.save(update_fields=["state", "started_at"])
    return True


def add(sending: Sending, profile_ids: Iterable[int]) -> None:
    """More batches of the sending, for these users, numbered after those that there are."""
    size = CARRIERS[sending.step.channel].batch_size
    first = sending.batches.count()
    rows = (
        Batch(sending=sending, number=first + number, profile_ids=list(part))
        for number, part in enumerate(_parts(profile_ids, size))
    )
    while some := list(islice(rows, _ROWS_AT_ONCE)):
        Batch.objects.bulk_create(some)


def _audience(launch_id: int) -> Iterator[int]:
    blocks = LaunchBlock.objects.filter(launch_id=launch_id, cohort_id=LaunchBlock.AUDIENCE)
    for block in blocks.order_by("number").iterator(chunk_size=50):
        start = block.number << BLOCK_BITS
        yield from (start + position for position in block.members)


def _parts(profile_ids: Iterable[int], size: int) -> Iterator[tuple[int, ...]]:
    rest = iter(profile_ids)
    while part := tuple(islice(rest, size)):
        yield part
