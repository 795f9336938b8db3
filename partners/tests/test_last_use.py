"""When keys were last used, and from where, whatever the call was."""

from datetime import timedelta

import pytest
from django.utils import timezone

from cohorts.tests.factories import Connector
from partners.models import DataImportKey, PartnerApiKey

pytestmark = pytest.mark.django_db

CALLS = {
    "naming": lambda connector: connector.name(),
    "connection test": lambda connector: connector.change([]),
    "users": lambda connector: connector.add("ana"),
}


@pytest.fixture(params=CALLS)
def call(request):
    connector = Connector(REMOTE_ADDR="203.0.113.7")
    return lambda: CALLS[request.param](connector)


def uses():
    keys = [DataImportKey.objects.get(), PartnerApiKey.objects.get()]
    return [(key.last_used_at, key.last_used_from) for key in keys]


def age_by(seconds):
    at = timezone.now() - timedelta(seconds=seconds)
    for model in (DataImportKey, PartnerApiKey):
        model.objects.update(last_used_at=at, last_used_from="198.51.100.1")
    return at


def test_every_call_notes_both_its_keys(call):
    assert call().status_code == 201

    for at, address in uses():
        assert timezone.now() - at < timedelta(seconds=10)
        assert address == "203.0.113.7"


def test_a_use_is_written_once_a_minute(call):
    at = age_by(seconds=50)

    call()

    assert uses() == [(at, "198.51.100.1")] * 2


def test_a_use_of_over_a_minute_ago_is_written_again(call):
    at = age_by(seconds=61)

    call()

    assert all(later > at and address == "203.0.113.7" for later, address in uses())


def test_a_refused_call_uses_no_key():
    connector = Connector()
    connector.client_secret = connector.client_secret[:-1]

    assert connector.change([]).status_code == 401

    assert uses() == [(None, None)] * 2
