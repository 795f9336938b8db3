"""Write down how far a batch is, before it gets there. Each is one statement.

A message is never sent twice because every one is announced first: `announce` commits that
the next recipient is being served, and that the ones before are settled. Whoever finds a
batch with more begun than settled, and holds its claim, knows that its worker died in
between: that recipient's fate is unknown, and is written down as such, not tried again.

A worker that was frozen wakes up without its claim, while another has gone on with its batch.
So every statement names the state that it goes on from, and whoever is late writes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from campaigns.models import Batch, Fate, Outcome
from campaigns.reasons import Reason

_ANNOUNCE = """
UPDATE campaigns_batch AS batch SET settled = %s, begun = %s
  FROM campaigns_sending AS sending
 WHERE batch.id = %s AND batch.settled = %s AND batch.begun = %s AND batch.finished_at IS NULL
   AND sending.id = batch.sending_id AND sending.state = 'sending'
"""
_SETTLE = """
UPDATE campaigns_batch
   SET settled = %s, begun = %s, finished_at = CASE WHEN %s THEN clock_timestamp() END
 WHERE id = %s AND settled = %s AND begun = %s AND finished_at IS NULL
"""


class Halted(Exception):
    """Paused, stopped, or gone on with by another worker: nothing more may go out from here."""


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a recipient who wasn't simply sent the message."""

    profile_id: int
    fate: Fate
    reason: Reason
    detail: str = ""


def announce(batch: Batch, settled: int, begun: int) -> None:
    """The first `settled` recipients have had their turn, those up to `begun` may have theirs.

    Raises `Halted`, having written nothing, unless the sending is still going on. The row of
    the sending isn't locked: who pauses waits for nobody, and one message may still go out.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ANNOUNCE, [settled, begun, batch.pk, batch.settled, batch.begun])
        if not cursor.rowcount:
            raise Halted
    batch.settled, batch.begun = settled, begun


@transaction.atomic
def settle(
    batch: Batch, settled: int, told: Sequence[Told] = (), *, finished: bool = False
) -> None:
    """The fate of the first `settled` recipients is known; of some of them it is another.

    Raises `Halted`, having written nothing, when another worker has gone on with the batch.
    """
    begun = max(batch.begun, settled)
    with connection.cursor() as cursor:
        before = [batch.pk, batch.settled, batch.begun]
        cursor.execute(_SETTLE, [settled, begun, finished, *before])
        if not cursor.rowcount:
            raise Halted
    note(batch, told)
    batch.settled, batch.begun = settled, begun


def note(batch: Batch, told: Sequence[Told]) -> None:
    Outcome.objects.bulk_create(
        [
            Outcome(
                batch=batch,
                profile_id=each.profile_id,
                fate=each.fate,
                reason=each.reason,
                detail=each.detail[:500],
            )
            for each in told
        ],
        ignore_conflicts=True,
    )


def recover(batch: Batch) -> None:
    """Account for the recipients whom a worker was at when it died. By the claim's holder."""
    if batch.begun > batch.settled:
        lost = batch.profile_ids[batch.settled : batch.begun]
        told = [Told(key, Fate.UNKNOWN, Reason.CUT_OFF) for key in lost]
        settle(batch, batch.begun, told)


def withdraw(batch: Batch) -> None:
    """The recipient who was announced certainly got nothing, and may be served later."""
    announced = batch.begun
    batch.begun = batch.settled
    Batch.objects.filter(
        pk=batch.pk, settled=batch.settled, begun=announced, finished_at=None
    ).update(begun=batch.begun)
