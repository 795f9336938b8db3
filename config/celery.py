"""The Celery application: the doorbell. Its settings are the `CELERY_` ones of the settings."""

import os
from typing import Any

from celery import Celery
from celery.app.amqp import AMQP
from kombu.connection import Connection
from kombu.transport import redis
from kombu.transport.virtual import base

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


class FrankQoS(redis.QoS):
    """Gives a task's place free even when Redis can't be told that it is done.

    Kombu keeps it then. Once every place is kept so, the worker asks for no more tasks,
    therefore never notices that its connection is gone, and is silent for ever. The task
    itself is delivered again, which does no harm.
    """

    def ack(self, delivery_tag: Any) -> None:
        try:
            super().ack(delivery_tag)  # type: ignore[no-untyped-call]
        except Exception:
            base.QoS.ack(self, delivery_tag)  # type: ignore[no-untyped-call]
            raise

    def reject(self, delivery_tag: Any, requeue: bool = False) -> None:
        try:
            super().reject(delivery_tag, requeue=requeue)  # type: ignore[no-untyped-call]
        except Exception:
            base.QoS.ack(self, delivery_tag)  # type: ignore[no-untyped-call]
            raise


class FrankChannel(redis.Channel):
    QoS = FrankQoS


class FrankTransport(redis.Transport):
    Channel = FrankChannel


class PromptConnection(Connection):
    """Looks for Redis every two seconds while it is away.

    Celery lets the pause grow to thirty, and has no setting for it: after an outage of half
    a minute the worker took twelve seconds to notice that it was over.
    """

    def get_transport_cls(self) -> type[FrankTransport]:
        return FrankTransport

    def ensure_connection(self, *args: Any, **options: Any) -> Any:
        options.setdefault("interval_max", 2)
        return super().ensure_connection(*args, **options)  # type: ignore[no-untyped-call]


class PromptAMQP(AMQP):  # type: ignore[misc]
    Connection = PromptConnection
    BrokerConnection = PromptConnection


class Doorbell(Celery):  # type: ignore[misc]
    amqp_cls = PromptAMQP


app = Doorbell("quayside")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
