"""`webhook_secret`: what a receiver verifies webhooks with, as the libraries for it read it."""

import base64
import hmac

import pytest
from django.core.management import CommandError
from django.test import override_settings

from campaigns.tests.factories import launched, make_campaign, make_users, sent, webhook
from campaigns.tests.receiver import receiver
from tests.commands import manage
from tests.factories import make_workspace

pytestmark = pytest.mark.django_db(transaction=True)


def printed(slug):
    """The bytes that the only line stands for."""
    (line,) = manage("webhook_secret", "--workspace", slug).lines
    prefix, encoded = line[:6], line[6:]
    assert prefix == "whsec_"
    return base64.b64decode(encoded, validate=True)


@override_settings(WEBHOOK_PRIVATE_HOSTS=["127.0.0.1"])
def test_a_receiver_verifies_webhooks_with_what_is_printed():
    make_users("ana")
    with receiver() as hook:
        sent(launched(make_campaign(webhook(hook.url))))
    ((headers, body),) = hook.calls

    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    signature = base64.b64encode(hmac.digest(printed("acme"), signed, "sha256")).decode()

    assert headers["webhook-signature"].split(" ")[0] == f"v1,{signature}"


def test_each_workspace_has_a_secret_of_its_own_and_each_pepper_another(settings):
    make_workspace()
    make_workspace("globex")
    before = printed("acme")
    assert printed("globex") != before

    settings.PEPPERS = {**settings.PEPPERS, 99: bytes(range(32))}

    assert printed("acme") != before
    assert "older peppers" in manage("webhook_secret", "--workspace", "acme").err


def test_an_unknown_workspace_is_told_with_those_that_there_are():
    make_workspace()

    with pytest.raises(CommandError, match=r"There is no workspace acne\..*acme"):
        manage("webhook_secret", "--workspace", "acne")
