"""The doorbell's other end: thin, safe to repeat, nothing but ids as arguments."""

from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.db.models.functions import Now
from kombu.exceptions import OperationalError

from campaigns import cutting, runner
from campaigns.models import Campaign, Sending, SendingState


@shared_task
def ring() -> None:
    """Have launched, begun, sent and accounted for what is to be. Harmless twice."""
    for key in Campaign.objects.due().values_list("pk", flat=True):
        launch.apply_async([str(key)], expires=10)
    due = Sending.objects.filter(state=SendingState.WAITING, due_at__lte=Now())
    for key in due.filter(launch__campaign__state="sending").values_list("pk", flat=True):
        begin.apply_async([str(key)], expires=10)
    for key in runner.stopped():
        account.apply_async([str(key)], expires=10)
    if runner.has_room():
        for key in runner.sendable():
            send.apply_async([str(key)], expires=2)


@shared_task
def launch(campaign_id: str) -> None:
    runner.launch_due(UUID(campaign_id))


@shared_task
def begin(sending_id: str) -> None:
    cutting.begin(UUID(sending_id))


@shared_task
def account(sending_id: str) -> None:
    runner.account(UUID(sending_id))


@shared_task
def send(sending_id: str) -> None:
    """Send for a while, and hand the place on to the next: the bell finds it taken always."""
    served = UUID(sending_id)
    more = runner.run(served, seconds=settings.SENDING_BUDGET_SECONDS)
    key = runner.next_after(served) if runner.has_room() else None
    if key and (more or key != served):
        try:
            send.apply_async([str(key)], expires=10)
        except OperationalError:
            return  # Redis is away; the next ring finds the sending
