"""Calls of partners are counted by partner and status, and strangers make no time series."""

import pytest
from prometheus_client import REGISTRY

from cohorts.tests.factories import Connector, adds
from tests.factories import make_partner

pytestmark = pytest.mark.django_db


def counted(name, **labels):
    return REGISTRY.get_sample_value(name, labels) or 0


def test_an_accepted_call_counts_itself_and_its_ids():
    tinyclues = Connector("acme", "tinyclues")
    calls = counted("quayside_partner_requests_total", partner="tinyclues", status="201")
    ids = counted("quayside_partner_ids_total", partner="tinyclues")

    tinyclues.change([adds("ann", "bob")])

    after = counted("quayside_partner_requests_total", partner="tinyclues", status="201")
    assert after == calls + 1
    assert counted("quayside_partner_ids_total", partner="tinyclues") == ids + 2


def test_a_refused_call_counts_for_a_partner_that_exists(client):
    make_partner()
    before = counted("quayside_partner_requests_total", partner="tinyclues", status="401")

    client.post("/partners/tinyclues/cohorts", "{}", content_type="application/json")

    after = counted("quayside_partner_requests_total", partner="tinyclues", status="401")
    assert after == before + 1


def test_a_stranger_s_path_makes_no_time_series(client):
    client.post("/partners/made-up/cohorts", "{}", content_type="application/json")

    assert counted("quayside_partner_requests_total", partner="made-up", status="404") == 0
    assert counted("quayside_partner_requests_total", partner="unknown", status="404") > 0
