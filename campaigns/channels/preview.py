"""A message as one user would get it, with nothing sent and nothing counted."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.utils.translation import gettext as _

from campaigns import tracking
from campaigns.channels.letter import Writer
from campaigns.models import Channel, Step
from campaigns.recipients import Recipient
from campaigns.templating import InvalidTemplate, Template


@dataclass(frozen=True, slots=True)
class Preview:
    """`text` of a webhook is the JSON of its properties. `problem` says why there is nothing.

    `mail` is an email's, to whoever it is of, without what would count opens and clicks.
    """

    recipient: Recipient
    subject: str = ""
    text: str = ""
    html: str = ""
    problem: str = ""
    mail: EmailMultiAlternatives | None = None


def of(step: Step, message: Mapping[str, Any], recipient: Recipient) -> Preview:
    """The message, which needn't be saved in the step, for that user."""
    try:
        if step.channel == Channel.WEBHOOK:
            return Preview(recipient, text=_properties(step, message, recipient))
        writer = Writer(message, step.campaign.name)
        letter = writer.to(recipient, unsubscribe_url=tracking.sample_unsubscribe_url())
    except InvalidTemplate as error:
        return Preview(recipient, problem=str(error))
    mail = writer.mail(letter, to=recipient.email)
    return Preview(recipient, letter.subject, letter.text, letter.html, mail=mail)


def send(preview: Preview, *, to: str) -> None:
    """Mail it to somebody of the team. Raises `SMTPException` and `OSError`."""
    assert preview.mail is not None
    preview.mail.to = [to]
    preview.mail.subject = _("[Test] %(subject)s") % {"subject": preview.subject}
    preview.mail.send()


def _properties(step: Step, message: Mapping[str, Any], recipient: Recipient) -> str:
    values = {"user": recipient.values(), "campaign": {"name": step.campaign.name}}
    properties = {
        name: Template(text).render(values) for name, text in message.get("properties", {}).items()
    }
    return json.dumps(properties, indent=2, ensure_ascii=False)
