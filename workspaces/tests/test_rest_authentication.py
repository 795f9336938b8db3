"""Every refusal of the REST API's door, and what opens it.

The view behind the door is this file's own, so that nothing here depends on what the API
can do.
"""

import logging
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import path
from rest_framework.response import Response
from rest_framework.views import APIView

from common import keys
from common.keys import KeyKind
from tests.factories import (
    bearer,
    make_keys,
    make_partner,
    make_rest_key,
    make_workspace,
)
from workspaces.keys import invalidate
from workspaces.models import RestApiKey


class Door(APIView):
    required_permission = "cohorts.list"

    def get(self, request):
        return Response({"workspace": request.auth.workspace.slug})

    post = get


class Wall(APIView):
    """A view whose author forgot to say what it takes."""

    def get(self, request):
        return Response({})


urlpatterns = [path("cohorts/door", Door.as_view()), path("cohorts/wall", Wall.as_view())]

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture
def acme():
    return make_workspace()


def call(client, authorization=None, **extra):
    headers = {} if authorization is None else {"Authorization": authorization}
    return client.get("/cohorts/door", headers=headers, **extra)


def assert_refused(response):
    assert response.status_code == 401
    assert response.json() == {"message": "Unauthorized"}
    assert response["WWW-Authenticate"] == 'Bearer realm="Quayside"'


def test_a_key_opens_what_it_is_permitted_to_open(client, acme):
    answer = call(client, f"Bearer {make_rest_key(acme, 'cohorts.list')}")

    assert answer.status_code == 200
    assert answer.json() == {"workspace": "acme"}


def test_the_scheme_is_taken_in_any_case(client, acme):
    assert call(client, f"bearer {make_rest_key(acme)}").status_code == 200


def test_no_key_is_refused(client, acme):
    assert_refused(call(client))


def test_an_unknown_key_is_refused(client, acme):
    assert_refused(call(client, f"Bearer {keys.generate(KeyKind.REST_API).text}"))


def test_an_invalidated_key_is_refused_exactly_like_an_unknown_one(client, acme):
    text = make_rest_key(acme)
    assert call(client, f"Bearer {text}").status_code == 200

    invalidate(RestApiKey.objects.get(), by="olga")

    assert_refused(call(client, f"Bearer {text}"))


def test_an_expired_key_is_refused_exactly_like_an_unknown_one(client, acme):
    text = make_rest_key(acme, expires_in=timedelta(hours=1))
    assert call(client, f"Bearer {text}").status_code == 200

    RestApiKey.objects.update(expires_at=Now())

    assert_refused(call(client, f"Bearer {text}"))


def test_a_key_with_the_right_id_and_another_secret_is_refused(client, acme):
    make_rest_key(acme)
    stranger = keys.generate(KeyKind.REST_API)
    RestApiKey.objects.update(public_id=stranger.public_id)

    assert_refused(call(client, f"Bearer {stranger.text}"))


def test_a_key_whose_pepper_is_gone_is_refused(client, acme):
    text = make_rest_key(acme)

    with override_settings(PEPPERS={7: b"another pepper of enough length!"}):
        assert_refused(call(client, f"Bearer {text}"))


def test_a_key_goes_on_working_under_the_pepper_it_was_made_with(client, acme, settings):
    text = make_rest_key(acme)
    settings.PEPPERS = {**settings.PEPPERS, 7: b"a newer pepper of enough length!"}

    newer = make_rest_key(acme)

    assert RestApiKey.objects.first().pepper == 7
    assert call(client, f"Bearer {text}").status_code == 200
    assert call(client, f"Bearer {newer}").status_code == 200


@pytest.mark.parametrize(
    "garble",
    [
        "",
        "Bearer",
        "Bearer ",
        "{key}",
        "Basic {key}",
        "Token {key}",
        'Bearer "{key}"',
        "Bearer '{key}'",
        "Bearer {key},",
        "Bearer {key} {key}",
        "Bearer {key}x",
        "Bearer {lower}",
        "Bearer {short}",
        "Bearer qs_rak_",
        "Bearer null",
        "Bearer \x00",
        "Bearer ключ",
        "Bearer " + "qs_rak_" * 500,
    ],
)
def test_a_malformed_header_is_refused(client, acme, garble):
    text = make_rest_key(acme)

    assert_refused(call(client, garble.format(key=text, lower=text.lower(), short=text[:-1])))


def test_keys_of_partners_open_nothing_here(client, acme):
    for text in make_keys(acme, make_partner()):
        assert_refused(call(client, f"Bearer {text}"))


def test_a_key_in_the_query_or_the_body_is_no_key(client, acme):
    text = make_rest_key(acme)

    assert_refused(client.get("/cohorts/door", {"api_key": text}))
    assert_refused(client.post("/cohorts/door", {"api_key": text}, content_type="application/json"))


def test_a_missing_permission_is_denied(client, acme):
    answer = call(client, f"Bearer {make_rest_key(acme, 'cohorts.details,users.track')}")

    assert answer.status_code == 403
    assert answer.json() == {"message": "Access Denied"}


def test_a_view_that_names_no_permission_is_closed_to_every_key(client, acme):
    answer = client.get("/cohorts/wall", **bearer(make_rest_key(acme)))

    assert answer.status_code == 403


def test_a_key_is_tied_to_its_own_workspace(client, acme):
    globex = make_workspace("globex")

    assert call(client, f"Bearer {make_rest_key(globex)}").json() == {"workspace": "globex"}
    assert call(client, f"Bearer {make_rest_key(acme)}").json() == {"workspace": "acme"}


def test_an_allowed_network_lets_in_and_any_other_is_told_where_it_stands(client, acme):
    text = make_rest_key(acme, allowed_networks=["203.0.113.0/24", "2001:db8::/32"])

    for inside in ("203.0.113.7", "::ffff:203.0.113.7", "2001:db8::1"):
        assert call(client, f"Bearer {text}", REMOTE_ADDR=inside).status_code == 200
    for outside in ("203.0.114.7", "2001:db9::1", ""):
        answer = call(client, f"Bearer {text}", REMOTE_ADDR=outside)
        assert answer.status_code == 403
        assert answer.json()["message"] == "Access Denied"
        assert f"This key can't be used from {outside or 'here'}." in answer.json()["errors"]


def test_a_stranger_can_not_forward_itself_into_an_allowed_network(client, acme, settings):
    text = make_rest_key(acme, allowed_networks=["203.0.113.0/24"])
    forwarded = {"Authorization": f"Bearer {text}", "X-Forwarded-For": "203.0.113.7"}

    assert client.get("/cohorts/door", headers=forwarded).status_code == 403
    settings.TRUSTED_PROXIES = ["127.0.0.0/8"]
    assert client.get("/cohorts/door", headers=forwarded).status_code == 200
    forwarded["X-Forwarded-For"] = "203.0.113.7, 198.51.100.1"
    assert client.get("/cohorts/door", headers=forwarded).status_code == 403


def test_a_bad_key_from_an_allowed_network_learns_nothing(client, acme):
    make_rest_key(acme, allowed_networks=["203.0.113.0/24"])

    assert_refused(call(client, f"Bearer {keys.generate(KeyKind.REST_API).text}"))


def test_the_last_use_is_written_once_a_minute(client, acme, django_assert_num_queries):
    text = make_rest_key(acme)

    with django_assert_num_queries(2):  # the key with its workspace; its last use
        call(client, f"Bearer {text}", REMOTE_ADDR="203.0.113.7")
    first = RestApiKey.objects.get()
    with django_assert_num_queries(1):  # the key with its workspace
        call(client, f"Bearer {text}", REMOTE_ADDR="203.0.113.8")

    assert first.last_used_from == "203.0.113.7"
    assert RestApiKey.objects.get().last_used_at == first.last_used_at
    RestApiKey.objects.update(last_used_at=Now() - timedelta(seconds=61))
    call(client, f"Bearer {text}", REMOTE_ADDR="203.0.113.8")
    assert RestApiKey.objects.get().last_used_from == "203.0.113.8"


def test_a_refused_key_leaves_no_trace_of_use(client, acme):
    text = make_rest_key(acme, allowed_networks=["203.0.113.0/24"])

    call(client, f"Bearer {text}")

    assert RestApiKey.objects.get().last_used_at is None


def test_no_log_line_shows_a_key(client, acme, caplog):
    caplog.set_level(logging.DEBUG, logger="django.db.backends")
    with CaptureQueriesContext(connection):  # which has every statement logged
        text = make_rest_key(acme)
        call(client, f"Bearer {text}")
        call(client, f"Bearer {text}x")

    secret = text.rsplit("_", 1)[1]
    assert secret not in caplog.text
    assert "INSERT INTO" in caplog.text
