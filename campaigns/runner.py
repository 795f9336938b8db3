"""Send what is due, within a time budget; what `campaigns.tasks` calls."""

import logging
import time
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns import launching, progress
from campaigns.channels import CARRIERS
from campaigns.channels.base import ChannelAway, InvalidMessage
from campaigns.launching import CannotLaunch
from campaigns.models import Batch, Campaign, Sending, SendingState, State
from campaigns.progress import Halted
from common.advisory import Namespace, claim, claimed
from common.http import is_database_away
from segments.reading import InvalidTree

logger = logging.getLogger(__name__)

BY = "scheduler"
_FIRST_PAUSE_SECONDS = 5
_LONGEST_PAUSE_SECONDS = 300

_FREE = """
SELECT id, number FROM campaigns_batch
 WHERE sending_id = %s AND finished_at IS NULL AND number > %s
   AND (retry_at IS NULL OR retry_at <= clock_timestamp())
 ORDER BY number LIMIT 1
"""
_SENDABLE = """
SELECT id FROM campaigns_sending AS sending
 WHERE state = 'sending' AND (retry_at IS NULL OR retry_at <= clock_timestamp())
   AND (EXISTS (SELECT FROM campaigns_batch AS batch
                 WHERE batch.sending_id = sending.id AND finished_at IS NULL
                   AND (batch.retry_at IS NULL OR batch.retry_at <= clock_timestamp()))
        OR NOT EXISTS (SELECT FROM campaigns_batch AS batch
                        WHERE batch.sending_id = sending.id AND finished_at IS NULL))
"""


def launch_due(campaign_id: UUID) -> None:
    """Launch what was scheduled. What can't be is a draft again, and says why."""
    with claim(Namespace.LAUNCHING, campaign_id.int & 0x7FFFFFFF) as mine:
        campaign = Campaign.objects.due().filter(pk=campaign_id).first()
        if mine and campaign is not None:
            _launch(campaign)


def _launch(campaign: Campaign) -> None:
    try:
        launching.launch(campaign, by=campaign.updated_by or BY)
    except (CannotLaunch, InvalidMessage, InvalidTree) as error:
        why = _("It wasn't launched at its time. %(reason)s") % {"reason": error}
        # Unless somebody has just changed it: then it gets another chance.
        as_it_was = Campaign.objects.due().filter(updated_at=campaign.updated_at)
        as_it_was.filter(pk=campaign.pk).update(state=State.DRAFT, problem=why)


def sendable() -> Sequence[UUID]:
    """Sendings with batches to serve now, or with nothing left but to end."""
    with connection.cursor() as cursor:
        cursor.execute(_SENDABLE)
        return [sending_id for (sending_id,) in cursor]


def next_after(sending_id: UUID) -> UUID | None:
    """Whose turn it is after that one's: they go round, so that none waits for another's end."""
    waiting = sorted(sendable())
    return next((key for key in waiting if key > sending_id), waiting[0] if waiting else None)


def stopped() -> Sequence[UUID]:
    """Sendings that were stopped, and of which it isn't known yet how far they came."""
    rows = Sending.objects.filter(state=SendingState.STOPPED, finished_at=None)
    return list(rows.values_list("pk", flat=True))


def account(sending_id: UUID) -> None:
    """Of a stopped sending, write down as unknown whom a message may have been on its way to.

    Not before their worker has let go of them; the next call asks again.
    """
    begun = Batch.objects.filter(
        sending_id=sending_id, finished_at=None, begun__gt=models.F("settled")
    )
    for batch_id in begun.values_list("pk", flat=True):
        with claim(Namespace.BATCHES, batch_id & 0x7FFFFFFF) as mine:
            if not mine:
                return
            if (batch := begun.filter(pk=batch_id).first()) is not None:
                progress.recover(batch)
    stopped = Sending.objects.filter(pk=sending_id, state=SendingState.STOPPED, finished_at=None)
    stopped.update(finished_at=timezone.now())


def has_room() -> bool:
    """Whether another task may send: a worker has uploads to apply as well."""
    return bool(claimed(Namespace.SENDING) < settings.SENDING_TASKS)


def run(sending_id: UUID, *, seconds: float) -> bool:
    """Serve batches until none is left or time is up. True when there may be more at once.

    At most `SENDING_TASKS` send at a time; whoever finds no place leaves.
    """
    for place in range(settings.SENDING_TASKS):
        with claim(Namespace.SENDING, place) as mine:
            if mine:
                return _run(sending_id, time.monotonic() + seconds)
    return False


def _run(sending_id: UUID, until: float) -> bool:
    sending = (
        Sending.objects.select_related("launch__campaign", "step")
        .filter(pk=sending_id, state=SendingState.SENDING)
        .first()
    )
    if sending is None:
        return False
    try:
        more = _serve_batches(sending, until)
    except Halted:
        return False
    except (ChannelAway, InvalidMessage) as error:
        _wait(sending_id, str(error))
        return False
    except Exception as error:  # noqa: BLE001  # the one place where sending may fail
        if is_database_away(error) or isinstance(error, SoftTimeLimitExceeded):
            logger.warning("sending interrupted sending=%s", sending_id)
            connection.close_if_unusable_or_obsolete()
            return False
        logger.exception("sending failed sending=%s", sending_id)
        _wait(sending_id, _("Something went wrong: see the worker's log."))
        return False
    if not more:
        finish(sending_id)
    return more


def _serve_batches(sending: Sending, until: float) -> bool:
    carrier = CARRIERS[sending.step.channel](sending)
    after = -1
    served = False
    try:
        while time.monotonic() < until:
            found = _next_free(sending.pk, after)
            if found is None:
                return False
            batch_id, after = found
            with claim(Namespace.BATCHES, batch_id & 0x7FFFFFFF) as mine:
                batch = Batch.objects.filter(pk=batch_id, finished_at=None).first()
                if mine and batch is not None:
                    carrier.serve(batch, until=until)
                    if not served:
                        _gone_well(sending)
                        served = True
    finally:
        carrier.close()
    return True


def _next_free(sending_id: UUID, after: int) -> tuple[int, int] | None:
    """Id and number of the next batch that may be served, after that number."""
    with connection.cursor() as cursor:
        cursor.execute(_FREE, [sending_id, after])
        row = cursor.fetchone()
    return (row[0], row[1]) if row else None


@transaction.atomic
def finish(sending_id: UUID) -> None:
    """It is sent once every batch is finished, and its campaign once every sending is."""
    # First the campaign, as everybody does who pauses or stops it.
    campaigns = Campaign.objects.filter(launch__sendings=sending_id)
    campaign = campaigns.select_for_update(of=["self"]).get()
    sending = Sending.objects.select_for_update().select_related("launch").get(pk=sending_id)
    unfinished = Batch.objects.filter(sending=sending, finished_at=None)
    if sending.state != SendingState.SENDING or unfinished.exists():
        return
    sending.state, sending.finished_at = SendingState.SENT, timezone.now()
    sending.problem, sending.retry_at = "", None
    sending.save()
    left = Sending.objects.filter(launch=sending.launch).exclude(state=SendingState.SENT)
    if not left.exists():
        Campaign.objects.filter(pk=campaign.pk, state=State.SENDING).update(state=State.SENT)


def _wait(sending_id: UUID, problem: str) -> None:
    """Say what is in the way, and try again after twice the pause."""
    with transaction.atomic():
        sending = Sending.objects.select_for_update().get(pk=sending_id)
        sending.failures += 1
        pause = min(
            _FIRST_PAUSE_SECONDS * 2 ** min(sending.failures - 1, 10), _LONGEST_PAUSE_SECONDS
        )
        sending.problem, sending.retry_at = problem, timezone.now() + timedelta(seconds=pause)
        sending.save(update_fields=["failures", "problem", "retry_at"])


def _gone_well(sending: Sending) -> None:
    if sending.failures or sending.problem:
        Sending.objects.filter(pk=sending.pk).update(failures=0, problem="", retry_at=None)
        sending.failures, sending.problem = 0, ""
