"""Clients that others wrote for Braze, calling our own web server by its address alone.

`braze-client` is itself, as PyPI has it. The npm package `braze-api` (2.13.4) is played: the
same lines and bodies that it was seen to send.
"""

import http.client
import json
from urllib.parse import urlencode, urlsplit

import pytest
from braze.client import BrazeClient, BrazeClientError

from cohorts.tests.factories import Connector, apply_all
from profiles.models import Profile
from segments import services
from segments.tree import parse
from tests.factories import BY, make_rest_key, make_workspace

pytestmark = pytest.mark.django_db(transaction=True)

AT = "2013-07-16T19:20:30+01:00"
ISO = "2013-07-16T18:20:30.000Z"
EVENT = {"external_id": "ana", "app_id": "app", "name": "visit", "time": AT, "properties": {"a": 1}}
PURCHASE = {
    "external_id": "ana",
    "app_id": "app",
    "product_id": "tea",
    "currency": "EUR",
    "price": 12.12,
    "quantity": 6,
    "time": AT,
    "properties": {"colour": "green"},
}


@pytest.fixture
def acme(live_server):
    return make_workspace("acme")


@pytest.fixture
def key(acme):
    return make_rest_key(acme)


class BrazeApi:
    """The requests of the npm package, made as node-fetch makes them."""

    def __init__(self, url, key):
        self.address = urlsplit(url)
        self.headers = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {key}",
            "Accept": "*/*",
            "User-Agent": "node-fetch/1.0 (+https://github.com/bitinn/node-fetch)",
            "Accept-Encoding": "gzip,deflate",
            "Connection": "keep-alive",
        }

    def post(self, path, body, **headers):
        compact = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        return self._request("POST", path, compact.encode(), headers)

    def get(self, path, **parameters):
        """It writes the question mark also when there are no parameters."""
        return self._request("GET", f"{path}?{urlencode(parameters)}", None, {})

    def _request(self, method, path, body, headers):
        connection = http.client.HTTPConnection(self.address.netloc, timeout=20)
        try:
            connection.request(method, path, body, self.headers | headers)
            response = connection.getresponse()
            answer = json.load(response)
        finally:
            connection.close()
        assert 200 <= response.status < 300, answer
        assert answer["message"] == "success"
        return answer


@pytest.fixture
def python(live_server, key):
    return BrazeClient(api_key=key, api_url=live_server.url)


@pytest.fixture
def node(live_server, key):
    return BrazeApi(live_server.url, key)


def test_braze_client_tracks_attributes_events_and_purchases(python):
    answer = python.user_track(
        attributes=[{"external_id": "ana", "first_name": "Ana", "status": "Active"}],
        events=[EVENT],
        purchases=[PURCHASE],
    )

    assert answer["success"]
    assert answer["attributes_processed"] == 1
    assert answer["events_processed"] == 1
    assert answer["purchases_processed"] == 1
    assert Profile.objects.get().attributes == {"first_name": "Ana", "status": "Active"}


def test_braze_client_sends_empty_arrays_for_what_it_was_not_given(python):
    answer = python.user_track(events=[EVENT])

    assert (answer["success"], answer["attributes_processed"]) == (True, 0)


def test_braze_client_learns_which_items_failed(python):
    answer = python.user_track(attributes=[{"external_id": "ana"}, {"first_name": "Bob"}])

    assert not answer["success"]
    assert [error["index"] for error in answer["errors"]] == [1]


def test_braze_client_exports_by_external_id_and_by_address(python):
    python.user_track(
        attributes=[{"external_id": "ana", "email": "ana@example.com", "status": "Active"}],
        events=[EVENT],
        purchases=[PURCHASE],
    )

    answer = python.user_export(external_ids=["ana", "nobody"])
    (ana,) = answer["users"]
    assert answer["success"]
    assert answer["invalid_user_ids"] == ["nobody"]
    assert ana["custom_attributes"] == {"status": "Active"}
    assert ana["custom_events"] == [{"name": "visit", "first": ISO, "last": ISO, "count": 1}]
    assert ana["purchases"] == [{"name": "tea", "first": ISO, "last": ISO, "count": 6}]
    found = python.user_export(email="Ana@Example.com", fields_to_export=["external_id"])
    assert found["users"] == [{"external_id": "ana"}]


def test_braze_client_deletes_users(python):
    python.user_track(attributes=[{"external_id": "ana"}, {"external_id": "bob"}])

    assert python.user_delete(external_ids=["ana", "nobody"])["deleted"] == 1
    assert Profile.objects.get().external_id == "bob"


def test_braze_client_raises_our_words_for_a_key_that_opens_nothing(live_server, acme):
    client = BrazeClient(api_key="qs_rak_wrong", api_url=live_server.url)

    with pytest.raises(BrazeClientError, match="Unauthorized"):
        client.user_track(attributes=[{"external_id": "ana"}])


def test_braze_client_raises_our_words_for_too_many_items(python):
    with pytest.raises(BrazeClientError, match="Max Input Length Exceeded"):
        python.user_track(attributes=[{"external_id": "ana"}] * 76)


def test_braze_client_is_refused_with_its_key_in_the_body(live_server, key):
    """Its old way, which Braze no longer takes either."""
    client = BrazeClient(api_key=key, api_url=live_server.url, use_auth_header=False)

    with pytest.raises(BrazeClientError, match="Unauthorized"):
        client.user_track(attributes=[{"external_id": "ana"}])


def test_braze_api_tracks_users_in_bulk_too(node):
    tracked = node.post(
        "/users/track",
        {
            "attributes": [{"external_id": "ana", "city": "Évora", "visits": {"inc": 1}}],
            "events": [EVENT],
            "purchases": [PURCHASE],
        },
        **{"X-Braze-Bulk": "true"},
    )

    assert tracked == {
        "message": "success",
        "attributes_processed": 1,
        "events_processed": 1,
        "purchases_processed": 1,
    }
    assert Profile.objects.get().attributes == {"city": "Évora", "visits": 1}


def test_braze_api_names_identifies_merges_and_deletes_users(node):
    crm, shop = ({"alias_name": "7", "alias_label": label} for label in ("crm", "shop"))
    node.post("/users/alias/new", {"user_aliases": [crm]})
    node.post(
        "/users/alias/update",
        {"alias_updates": [{"alias_label": "crm", "old_alias_name": "7", "new_alias_name": "8"}]},
    )
    crm["alias_name"] = "8"
    node.post(
        "/users/identify", {"aliases_to_identify": [{"external_id": "ana", "user_alias": crm}]}
    )
    node.post("/users/track", {"attributes": [{"external_id": "bob"}]})
    node.post("/users/alias/new", {"user_aliases": [{"external_id": "bob", **shop}]})
    node.post(
        "/users/merge",
        {
            "merge_updates": [
                {
                    "identifier_to_merge": {"external_id": "bob"},
                    "identifier_to_keep": {"external_id": "ana"},
                }
            ]
        },
    )

    found = node.post(
        "/users/export/ids",
        {"user_aliases": [crm, shop], "fields_to_export": ["external_id", "user_aliases"]},
    )
    assert found["users"] == [{"external_id": "ana", "user_aliases": [crm, shop]}]
    assert node.post("/users/delete", {"user_aliases": [shop]})["deleted"] == 1
    assert not Profile.objects.exists()


def test_braze_api_reads_users_and_segments(node, acme):
    filters = {"kind": "cohort", "partner": "tinyclues", "operator": "includes"}
    tinyclues = Connector("acme")
    node.post("/users/track", {"attributes": [{"external_id": "ana"}]})
    tinyclues.add("ana")
    apply_all()
    tree = {"version": 1, "groups": [{"filters": [{**filters, "cohorts": ["spring"]}]}]}
    made = services.create(acme, name="Spring", filters=parse(tree), by=BY)

    (ana,) = node.post("/users/export/ids", {"external_ids": ["ana"]})["users"]
    (listed,) = node.get("/segments/list", page=0, sort_direction="desc")["segments"]
    details = node.get("/segments/details", segment_id=str(made.pk))

    assert [one["cohort_id"] for one in ana["cohorts"]] == ["spring"]
    assert [one["name"] for one in ana["segments"]] == ["Spring"]
    assert node.get("/segments/list")["segments"] == [listed]
    assert (listed["id"], details["name"]) == (str(made.pk), "Spring")
