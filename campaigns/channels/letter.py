"""An email as one user gets it: the same words whether it is sent, tested or looked at."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formataddr, parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import override

from campaigns.recipients import Recipient
from campaigns.templating import Template

# Keys of the message that are templates, and whether each makes HTML.
TEMPLATES: Mapping[str, bool] = {"subject": False, "text": False, "html": True}


@dataclass(frozen=True, slots=True)
class Letter:
    """`text` or `html` may be empty, not both. Each has a way to unsubscribe in it."""

    subject: str
    text: str
    html: str
    unsubscribe_url: str


class Writer:
    """Writes the message of one step to one user after another."""

    def __init__(self, message: Mapping[str, Any], campaign_name: str) -> None:
        """Raises `InvalidTemplate`."""
        self._message = message
        self._campaign = {"name": campaign_name}
        self._templates = {
            key: Template(message.get(key, ""), html=html) for key, html in TEMPLATES.items()
        }

    def to(self, recipient: Recipient, *, unsubscribe_url: str) -> Letter:
        """Raises `InvalidTemplate` when the user lacks a value that it needs."""
        values = {
            "user": recipient.values(),
            "campaign": self._campaign,
            "unsubscribe_url": unsubscribe_url,
        }
        subject, text, html = (self._templates[key].render(values) for key in TEMPLATES)
        # In the language of the installation, whoever looks at it.
        with override(settings.LANGUAGE_CODE):
            if html and unsubscribe_url not in html:
                html = _with_linked_way_out(html, unsubscribe_url)
            if text or not html:
                text = _with_way_out(text, unsubscribe_url)
        return Letter(" ".join(subject.split()), text, html, unsubscribe_url)

    def mail(self, letter: Letter, *, to: str) -> EmailMultiAlternatives:
        """What a mail server is given."""
        reply_to = self._message.get("reply_to")
        name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
        mail = EmailMultiAlternatives(
            subject=letter.subject,
            body=letter.text,
            from_email=formataddr((self._message.get("from_name") or name, address)),
            to=[to],
            reply_to=[reply_to] if reply_to else None,
            headers={
                "List-Unsubscribe": f"<{letter.unsubscribe_url}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            },
        )
        if letter.html:
            mail.attach_alternative(letter.html, "text/html")
        return mail


def _with_way_out(text: str, unsubscribe_url: str) -> str:
    if unsubscribe_url in text:
        return text
    return f"{text.rstrip()}\n\n-- \n{_('Unsubscribe')}: {unsubscribe_url}\n"


def _with_linked_way_out(html: str, unsubscribe_url: str) -> str:
    link = format_html('<p><a href="{}">{}</a></p>', unsubscribe_url, _("Unsubscribe"))
    head, end, tail = html.rpartition("</body>")
    return f"{head}{link}{end}{tail}" if end else f"{html}{link}"
