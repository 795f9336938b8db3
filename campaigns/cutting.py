"""Cut the audience of a launch into the batches of a sending, once."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from campaigns.channels import CARRIERS
from campaigns.models import Batch, LaunchBlock, Outcome, Sending, SendingState
from campaigns.reasons import OF_A_BATCH
from common.bitmaps import BLOCK_BITS

_ROWS_AT_ONCE = 200

# The batch that is repeated, if one is, and who is in it.
_Part = tuple[int | None, list[int]]


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
    _add(sending, _whole(sending, _audience(sending.launch_id)))
    sending.state, sending.started_at = SendingState.SENDING, timezone.now()
    sending.save(update_fields=["state", "started_at"])
    return True


def repeat(sending: Sending, outcomes: QuerySet[Outcome]) -> int:
    """More batches of the sending, for the users of these outcomes; returns how many users.

    A batch of which nobody was served is repeated as it was: whoever was in it stays together
    under its id, in case that it did arrive. The others are put together anew.
    """
    together: dict[int, list[int]] = defaultdict(list)
    others = []
    found = outcomes.select_related("batch").defer("batch__profile_ids").order_by("profile_id")
    for outcome in found.iterator():
        if outcome.reason in OF_A_BATCH:
            together[outcome.batch.origin].append(outcome.profile_id)
        else:
            others.append(outcome.profile_id)
    _add(sending, chain(sorted(together.items()), _whole(sending, others)))
    return len(others) + sum(map(len, together.values()))


def _add(sending: Sending, parts: Iterable[_Part]) -> None:
    """Batches numbered after those that there are."""
    first = sending.batches.count()
    rows = (
        Batch(sending=sending, number=first + number, repeats=repeats, profile_ids=profile_ids)
        for number, (repeats, profile_ids) in enumerate(parts)
    )
    while some := list(islice(rows, _ROWS_AT_ONCE)):
        Batch.objects.bulk_create(some)


def _audience(launch_id: int) -> Iterator[int]:
    blocks = LaunchBlock.objects.filter(launch_id=launch_id, cohort_id=LaunchBlock.AUDIENCE)
    for block in blocks.order_by("number").iterator(chunk_size=50):
        start = block.number << BLOCK_BITS
        yield from (start + position for position in block.members)


def _whole(sending: Sending, profile_ids: Iterable[int]) -> Iterator[_Part]:
    """Cut into new batches of the size of its channel."""
    rest = iter(profile_ids)
    size = CARRIERS[sending.step.channel].batch_size
    while part := list(islice(rest, size)):
        yield None, part
