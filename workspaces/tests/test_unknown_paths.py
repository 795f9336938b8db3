"""What isn't a call of the REST API says so only to somebody with a key."""

import pytest

from tests.factories import bearer, make_rest_key, make_workspace

pytestmark = pytest.mark.django_db

# Section 2 of the HTTP contract, whether built by now or not.
REST_PATHS = [
    *("users/track", "users/alias/new", "users/alias/update", "users/identify", "users/merge"),
    *("users/delete", "users/export/ids", "users/export/segment"),
    *("segments/list", "segments/details", "segments/data_series"),
    *("segments/reach", "segments/create"),
    *("campaigns/list", "campaigns/details", "canvas/list", "canvas/details"),
    *("cohorts/list", "cohorts/details"),
]


@pytest.mark.parametrize("path", [*REST_PATHS, "users", "users/", "cohorts/nothing/here"])
def test_every_path_of_the_rest_api_refuses_without_a_key(client, path):
    for call in (client.get, client.post, client.delete):
        for slash in ("", "/"):
            answer = call(f"/{path}{slash}")

            assert answer.status_code == 401
            assert answer.json() == {"message": "Unauthorized"}
            assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", ["users", "cohorts/nothing/here", "segments/", "canvas/list/1"])
def test_with_a_key_a_path_that_is_no_call_is_not_found(client, path):
    key = bearer(make_rest_key(make_workspace()))

    for call in (client.get, client.post, client.put):
        answer = call(f"/{path}", **key)

        assert answer.status_code == 404
        assert answer.json() == {"message": "Not Found"}


def test_a_path_that_only_begins_like_an_api_is_none(client):
    assert client.get("/userspace").status_code == 404
