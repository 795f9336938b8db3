"""Email through Django's mail backend: at most one to each recipient, whatever is killed."""

import smtplib
import time
from contextlib import suppress
from dataclasses import replace
from email.errors import MessageError
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from campaigns import progress, recipients
from campaigns.channels.base import Carrier, ChannelAway, InvalidMessage
from campaigns.channels.letter import TEMPLATES, Writer
from campaigns.models import Batch, Fate, Sending
from campaigns.progress import Told
from campaigns.reasons import Reason
from campaigns.recipients import Recipient
from campaigns.templating import InvalidTemplate, Template
from campaigns.tracking import Place, with_clicks, with_pixel

_FLAGS = ("track_opens", "track_clicks")
# Many servers take so many messages over a connection, say this, and want another one.
_HANGS_UP = 421


class _HungUp(Exception):
    """The server takes nothing more over this connection. Nobody got anything: connect again."""


class EmailCarrier(Carrier):
    """`message`: subject, text, html (of these two one may be empty), from_name, reply_to,
    track_opens, track_clicks."""

    batch_size = 500

    def __init__(self, sending: Sending) -> None:
        super().__init__(sending)
        try:
            self._writer = Writer(self.message, sending.launch.campaign.name)
        except InvalidTemplate as error:
            raise InvalidMessage({"text": str(error)}) from error
        self._open = False
        self._sent = 0  # messages, over the connection that is open

    @cached_property
    def _mail(self) -> Any:
        return get_connection(fail_silently=False)

    def serve(self, batch: Batch, *, until: float) -> None:
        progress.recover(batch)
        position = batch.settled
        left_out: list[Told] = []
        users = recipients.read(self.workspace_id, batch.profile_ids[position:])
        try:
            while position < len(batch.profile_ids) and time.monotonic() < until:
                try:
                    told = self._serve_one(batch, position, users, left_out)
                except _HungUp:
                    continue
                if told is not None:
                    left_out.append(told)
                position += 1
        finally:
            finished = position == len(batch.profile_ids)
            progress.settle(batch, position, left_out, finished=finished)

    def _serve_one(
        self, batch: Batch, position: int, users: dict[int, Recipient], told: list[Told]
    ) -> Told | None:
        """Send one message, or say why not. Those before are settled with it."""
        profile_id = batch.profile_ids[position]
        recipient = users.get(profile_id)
        if reason := recipients.unmailable(recipient):
            return Told(profile_id, Fate.LEFT_OUT, reason)
        assert recipient is not None
        try:
            message = self._message_to(recipient)
        except InvalidTemplate as error:
            return Told(profile_id, Fate.FAILED, Reason.TEMPLATE, str(error))
        except (ValidationError, MessageError, ValueError, UnicodeError):
            return Told(profile_id, Fate.FAILED, Reason.BAD_ADDRESS)
        self._connect()
        if told:
            progress.settle(batch, position, told)
            told.clear()
        progress.announce(batch, position, position + 1)
        return self._send(batch, profile_id, message)

    def _send(self, batch: Batch, profile_id: int, message: EmailMultiAlternatives) -> Told | None:
        try:
            self._mail.send_messages([message])
        except (ValueError, smtplib.SMTPNotSupportedError) as error:  # before anything was sent
            self.close()
            return Told(profile_id, Fate.FAILED, Reason.BAD_ADDRESS, _words(error))
        except smtplib.SMTPRecipientsRefused as error:
            answers = "; ".join(_answer(*answer) for answer in error.recipients.values())
            return Told(profile_id, Fate.FAILED, Reason.RECIPIENT_REFUSED, answers)
        except smtplib.SMTPDataError as error:
            answer = _answer(error.smtp_code, error.smtp_error)
            return Told(profile_id, Fate.FAILED, Reason.MESSAGE_REFUSED, answer)
        except smtplib.SMTPSenderRefused as error:
            progress.withdraw(batch)
            if error.smtp_code == _HANGS_UP and self._sent:
                raise _HungUp from error
            raise ChannelAway(
                _(
                    "The mail server refuses the sender %(sender)s: %(answer)s. Correct "
                    "DEFAULT_FROM_EMAIL."
                )
                % {"sender": error.sender, "answer": _answer(error.smtp_code, error.smtp_error)}
            ) from error
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            return Told(profile_id, Fate.UNKNOWN, Reason.CONNECTION_LOST, _words(error))
        self._sent += 1
        return None

    def _connect(self) -> None:
        if self._open and _is_open(self._mail):
            return
        self.close()
        try:
            self._mail.open()
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise ChannelAway(
                _("The mail server can't be reached: %(reason)s. Check EMAIL_URL.")
                % {"reason": _words(error)}
            ) from error
        self._open, self._sent = True, 0

    def close(self) -> None:
        self._open, self._sent = False, 0
        if "_mail" in self.__dict__:
            with suppress(smtplib.SMTPException, OSError):
                self._mail.close()
            del self.__dict__["_mail"]

    def _message_to(self, recipient: Recipient) -> EmailMultiAlternatives:
        """Raises `InvalidTemplate`, and `ValidationError` for an address that is none."""
        validate_email(recipient.email)
        place = Place(self.sending.pk, recipient.profile_id)
        unsubscribe_url = place.unsubscribe_url(recipient.external_id or "")
        letter = self._writer.to(recipient, unsubscribe_url=unsubscribe_url)
        tracked = replace(letter, html=self._tracked(letter.html, recipient, place))
        return self._writer.mail(tracked, to=recipient.email)

    def _tracked(self, html: str, recipient: Recipient, place: Place) -> str:
        if not html:
            return ""
        if self._may_track("click", recipient):
            html = with_clicks(html, place)
        if self._may_track("open", recipient):
            html = with_pixel(html, place)
        return html

    def _may_track(self, deed: str, recipient: Recipient) -> bool:
        """Braze's attributes `email_open_tracking_disabled` and the like are a person's word."""
        wanted = self.message.get(f"track_{deed}s", True)
        return wanted and recipient.attributes.get(f"email_{deed}_tracking_disabled") is not True

    @classmethod
    def check(cls, message: dict[str, Any]) -> dict[str, Any]:
        kept: dict[str, Any] = {
            key: str(message.get(key, "")).strip() for key in (*TEMPLATES, "from_name", "reply_to")
        }
        kept |= {key: bool(message.get(key, True)) for key in _FLAGS}
        problems = {}
        if not kept["subject"]:
            problems["subject"] = _("Give the message a subject.")
        if not kept["text"] and not kept["html"]:
            problems["text"] = _("Write the message, as text, as HTML, or both.")
        for key, html in TEMPLATES.items():
            try:
                Template(kept[key], html=html)
            except InvalidTemplate as error:
                problems[key] = str(error)
        if kept["reply_to"]:
            try:
                validate_email(kept["reply_to"])
            except ValidationError:
                problems["reply_to"] = _("Give an email address that replies can go to.")
        if problems:
            raise InvalidMessage(problems)
        return kept


def _is_open(mail: Any) -> bool:
    """Whether the connection still has its socket: smtplib closes it after a 421."""
    client = getattr(mail, "connection", None)
    return not isinstance(client, smtplib.SMTP) or client.sock is not None


def _answer(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {words}"


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
