"""A message as one user would get it, with nothing sent and nothing counted."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils.translation import gettext as _

from campaigns.models import Channel, Step
from campaigns.recipients import Recipient
from campaigns.templating import InvalidTemplate, Template


@dataclass(frozen=True, slots=True)
class Preview:
    """`text` of a webhook is the JSON of its properties. `problem` says why there is nothing."""

    recipient: Recipient
    subject: str = ""
    text: str = ""
    html: str = ""
    problem: str = ""


def of(step: Step, message: Mapping[str, Any], recipient: Recipient) -> Preview:
    """The message, which needn't be saved in the step, for that user."""
    # A way out that leads nowhere: nobody unsubscribes by looking.
    values = {
        "user": recipient.values(),
        "campaign": {"name": step.campaign.name},
        "unsubscribe_url": settings.QUAYSIDE_URL,
    }
    try:
        if step.channel == Channel.WEBHOOK:
            properties = {
                name: Template(text).render(values)
                for name, text in message.get("properties", {}).items()
            }
            return Preview(recipient, text=json.dumps(properties, indent=2, ensure_ascii=False))
        return Preview(
            recipient,
            subject=" ".join(Template(message.get("subject", "")).render(values).split()),
            text=Template(message.get("text", "")).render(values),
            html=Template(message.get("html", ""), html=True).render(values),
        )
    except InvalidTemplate as error:
        return Preview(recipient, problem=str(error))


def send(preview: Preview, *, to: str) -> None:
    """Mail it to somebody of the team. Raises `SMTPException` and `OSError`."""
    message = EmailMultiAlternatives(
        subject=_("[Test] %(subject)s") % {"subject": preview.subject},
        body=preview.text,
        to=[to],
    )
    if preview.html:
        message.attach_alternative(preview.html, "text/html")
    message.send()
