"""How messages leave: a module for each channel, all of the shape of `campaigns.channels.base`."""

from collections.abc import Mapping

from campaigns.channels.base import Carrier
from campaigns.channels.email import EmailCarrier
from campaigns.channels.webhook import WebhookCarrier
from campaigns.models import Channel

CARRIERS: Mapping[str, type[Carrier]] = {
    Channel.EMAIL: EmailCarrier,
    Channel.WEBHOOK: WebhookCarrier,
}
