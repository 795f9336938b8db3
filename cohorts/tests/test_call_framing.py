"""What frames the partner calls: methods, media types, sizes, paths, headers."""

import json
import time
import uuid
from io import BytesIO

import pytest
from django.db import connection
from django.test import Client
from django.urls import resolve

from cohorts.models import Upload
from cohorts.tests.factories import adds

BOTH = ["cohorts", "cohorts/users"]


def body_of(connector, **fields):
    keys = {"partner_api_key": connector.partner_api_key, "client_secret": connector.client_secret}
    return json.dumps(
        {**keys, "cohort_id": "spring", "name": "Spring", "created_at": "2026-05-04"}
        | {"cohort_changes": [adds("ana")]}
        | fields
    )


@pytest.mark.parametrize("path", [*BOTH, "cohorts/", "cohorts/users/"])
def test_both_calls_answer_with_and_without_a_trailing_slash(tinyclues, path):
    assert tinyclues.post_raw(path, body_of(tinyclues)).status_code == 201


@pytest.mark.parametrize(
    "path", ["cohorts//", "cohorts/users/x", "cohorts%0A", "cohort", "", "Cohorts"]
)
def test_other_paths_are_not_found(tinyclues, path):
    response = tinyclues.post_raw(path, body_of(tinyclues))

    assert (response.status_code, response.json()) == (404, {"message": "Not Found"})


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "head"])
@pytest.mark.parametrize("path", BOTH)
def test_other_methods_are_not_allowed(tinyclues, path, method):
    response = getattr(tinyclues.client, method)(f"/partners/tinyclues/{path}")

    assert response.status_code == 405
    assert "POST" in response["Allow"]
    if method != "head":
        assert response.json() == {"message": "Method Not Allowed"}


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/json ",
        "",
    ],
)
def test_json_is_taken_under_every_name_it_has(tinyclues, content_type):
    response = tinyclues.post_raw("cohorts/users", body_of(tinyclues), content_type=content_type)

    assert response.status_code == 201


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "*/*"]
    + ["application/xml", "application/jsonp", "application/json-seq", "nonsense", "é"],
)
@pytest.mark.parametrize("path", BOTH)
def test_another_media_type_is_415(tinyclues, path, content_type):
    response = tinyclues.post_raw(path, body_of(tinyclues), content_type=content_type)

    assert response.status_code == 415
    assert response.json()["message"] == "Unsupported Media Type"
    assert not Upload.objects.exists()


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "GZIP", "identity, gzip", "x"])
def test_a_compressed_body_is_415(tinyclues, encoding):
    response = tinyclues.post_raw(
        "cohorts/users", body_of(tinyclues), {"Content-Encoding": encoding}
    )

    assert response.status_code == 415
    assert response.json()["message"] == "Unsupported Media Type"


def test_a_body_encoded_as_itself_is_taken(tinyclues):
    response = tinyclues.post_raw(
        "cohorts/users", body_of(tinyclues), {"Content-Encoding": "Identity"}
    )

    assert response.status_code == 201


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*", "", "nonsense", "é"])
def test_answers_are_json_whatever_is_accepted(tinyclues, accept):
    response = tinyclues.post_raw("cohorts/users", body_of(tinyclues), {"Accept": accept})

    assert response.status_code == 201
    assert response["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"null", b"[]", b'"text"', b"7", b"{", b"{]", b"{'a': 1}", b'{"a":1}x', b"\xff\xfe"]
    + [
        b"\xef\xbb\xbf{}",
        b'{"cohort_id":"\\ud800"}',
        b'{"client_secret":"\\udfff"}',
        b"[" * 100_000,
    ]
    + [b'{"x":' + b"[" * 50_000 + b"]" * 50_000 + b"}", b"NaN", b'{"name":1e999}', b"key=value"],
)
@pytest.mark.parametrize("path", BOTH)
def test_what_is_no_json_object_is_a_bad_request(tinyclues, path, body):
    response = tinyclues.post_raw(path, body)

    assert (response.status_code, response.json()) == (400, {"message": "Bad Request"})


def test_a_body_up_to_the_limit_is_taken_and_one_byte_more_is_too_large(tinyclues, settings):
    body = body_of(tinyclues)
    room = settings.REQUEST_BODY_LIMIT - len(body)
    assert settings.REQUEST_BODY_LIMIT == 4 * 1024 * 1024

    assert tinyclues.post_raw("cohorts/users", body + " " * room).status_code == 201
    refused = tinyclues.post_raw("cohorts/users", body + " " * (room + 1))

    assert refused.status_code == 413
    assert refused.json() == {"message": "Request body is too large"}
    assert Upload.objects.count() == 1


def test_a_large_body_is_refused_before_it_is_parsed(tinyclues, settings):
    settings.REQUEST_BODY_LIMIT = 100

    assert tinyclues.post_raw("cohorts/users", "{" * 101).status_code == 413


class Endless:
    """A chunked body as WSGI servers give it: no length, read until nothing comes."""

    readline = None

    def __init__(self, body):
        self.rest, self.taken = BytesIO(body), 0

    def read(self, size=-1):
        assert size > 0
        part = self.rest.read(min(size, 1_000))
        self.taken += len(part)
        return part


def post_chunked(connector, body):
    stream = Endless(body)
    response = connector.client.generic(
        "POST",
        "/partners/tinyclues/cohorts/users",
        content_type="application/json",
        headers={"Transfer-Encoding": "chunked"},
        **{"wsgi.input": stream, "CONTENT_LENGTH": ""},
    )
    return response, stream


def test_a_chunked_body_works_like_any_other(tinyclues):
    response, _ = post_chunked(tinyclues, body_of(tinyclues).encode())

    assert response.status_code == 201
    assert Upload.objects.get().external_ids == ["ana"]


def test_a_chunked_body_is_counted_while_it_is_read(tinyclues, settings):
    settings.REQUEST_BODY_LIMIT = 10_000

    response, stream = post_chunked(tinyclues, b" " * 1_000_000)

    assert response.status_code == 413
    assert stream.taken == 10_001


def test_a_length_that_is_no_number_is_a_bad_request(tinyclues):
    response = tinyclues.post_raw("cohorts/users", body_of(tinyclues), CONTENT_LENGTH="many")

    assert response.status_code == 400


def broken():
    """A table gone: a fault of ours that nothing foresees."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE cohorts_upload RENAME TO cohorts_elsewhere")


def every_kind_of_answer(tinyclues, settings):
    client = Client(raise_request_exception=False)
    url = "/partners/tinyclues/cohorts/users"
    yield 201, tinyclues.add("ana")
    yield 400, tinyclues.post_raw("cohorts", "{")
    yield 401, tinyclues.post("cohorts", {"client_secret": "wrong"})
    yield 404, client.post("/partners/nobody/cohorts", {}, content_type="application/json")
    yield 404, client.post("/partners/no/such/path", {}, content_type="application/json")
    yield 405, client.get(url)
    yield 413, tinyclues.post_raw("cohorts", " " * (settings.REQUEST_BODY_LIMIT + 1))
    yield 415, tinyclues.post_raw("cohorts", "{}", content_type="text/plain")
    tinyclues.add("ana", cohort_id="other")
    settings.PARTNER_REQUESTS_PER_HOUR = 1
    yield 429, tinyclues.add("ana")
    settings.PARTNER_REQUESTS_PER_HOUR = 100
    broken()
    tinyclues.client.raise_request_exception = False
    yield 500, tinyclues.add("ana")


def test_every_answer_says_where_the_limit_stands_and_names_the_request(tinyclues, settings):
    named = set()
    for status, response in every_kind_of_answer(tinyclues, settings):
        assert response.status_code == status
        assert set(response.json()) <= {"message", "errors"}
        limit, remaining, reset = (
            int(response[f"X-RateLimit-{what}"]) for what in ("Limit", "Remaining", "Reset")
        )
        assert limit == settings.PARTNER_REQUESTS_PER_HOUR or status == 429
        assert 0 <= remaining <= limit
        assert 0 < reset - time.time() <= 3_600
        assert reset % 3_600 == 0
        assert uuid.UUID(response["X-Request-Id"]) not in named
        named.add(uuid.UUID(response["X-Request-Id"]))


def test_the_paths_have_names_and_the_fallback_does_not_shadow_them():
    for name, path in (("cohort-name", "cohorts"), ("cohort-users", "cohorts/users")):
        assert resolve(f"/partners/tinyclues/{path}").url_name == name


def test_no_answer_sets_a_cookie(tinyclues):
    assert not tinyclues.add("ana").cookies
