"""A real SMTP server on this machine, whose answers a test chooses."""

import asyncio
import socket
from collections import Counter
from contextlib import contextmanager
from email import message_from_bytes, policy

from aiosmtpd.controller import Controller
from django.test import override_settings


class Mailbox:
    """What arrived, and what to say: `refuse` maps addresses to the answer to RCPT.

    After `most_a_connection` messages the server wants another connection. A message takes
    it `seconds`.
    """

    def __init__(self):
        self.messages = []
        self.refuse = {}
        self.answer = "250 OK"
        self.most_a_connection = 0
        self.seconds = 0.0
        self.port = 0

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802  # aiosmtpd calls it so
        session.mails = getattr(session, "mails", 0) + 1
        if 0 < self.most_a_connection < session.mails:
            return "421 Too many messages over this connection"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        await asyncio.sleep(self.seconds)
        if self.answer.startswith("250"):
            self.messages.append(message_from_bytes(envelope.content, policy=policy.default))
        return self.answer

    @property
    def copies(self):
        """How many messages each address got."""
        return Counter(message["To"] for message in self.messages)


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextmanager
def mail_server(**settings):
    """Django's mail goes to the mailbox that is yielded."""
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    mailbox.port = controller.port
    try:
        with override_settings(
            EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
            EMAIL_HOST="127.0.0.1",
            EMAIL_PORT=controller.port,
            EMAIL_TIMEOUT=5,
            **settings,
        ):
            yield mailbox
    finally:
        controller.stop()
