"""The OpenAPI document is in step with the paths that there are."""

import pytest
from django.urls import resolve
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from workspaces.unknown_paths import UnknownPathView

# Sections 1, 2 and 4 of the HTTP contract.
CONTRACT = [
    ("post", "/partners/{partner}/cohorts"),
    ("post", "/partners/{partner}/cohorts/users"),
    ("post", "/users/track"),
    ("post", "/users/alias/new"),
    ("post", "/users/alias/update"),
    ("post", "/users/identify"),
    ("post", "/users/merge"),
    ("post", "/users/delete"),
    ("post", "/users/export/ids"),
    ("post", "/users/export/segment"),
    ("get", "/users/export/segment/status"),
    ("get", "/users/export/segment/download"),
    ("post", "/users/export/segment/cancel"),
    ("get", "/segments/list"),
    ("get", "/segments/details"),
    ("get", "/segments/data_series"),
    ("post", "/segments/reach"),
    ("post", "/segments/create"),
    ("get", "/campaigns/list"),
    ("get", "/campaigns/details"),
    ("get", "/campaigns/export"),
    ("get", "/canvas/list"),
    ("get", "/canvas/details"),
    ("get", "/canvas/export"),
    ("get", "/cohorts/list"),
    ("get", "/cohorts/details"),
]


@pytest.fixture(scope="module")
def document():
    return SchemaGenerator().get_schema(request=None, public=True)


def is_built(path):
    view = resolve(path.replace("{partner}", "tinyclues")).func
    return getattr(view, "view_class", None) is not UnknownPathView


def test_the_document_is_valid(document):
    validate_schema(document)


def test_every_call_describes_itself(document):
    """No view whose body or answer had to be guessed."""
    warnings = [*GENERATOR_STATS._warn_cache, *GENERATOR_STATS._error_cache]

    assert warnings == []


def test_the_document_has_every_call_of_the_contract_that_exists_and_no_other(document):
    documented = {(method, path) for path, calls in document["paths"].items() for method in calls}

    assert documented == {(method, path) for method, path in CONTRACT if is_built(path)}


@pytest.mark.parametrize(("method", "path"), CONTRACT)
def test_rest_calls_ask_for_a_key_and_partner_calls_carry_theirs_in_the_body(
    document, method, path
):
    call = document["paths"].get(path, {}).get(method)
    if call is None:
        assert not is_built(path)
    elif path.startswith("/partners/"):
        assert call.get("security", []) in ([], [{}])
    else:
        assert call["security"] == [{"rest_api_key": []}]


def test_every_path_answers_with_and_without_a_slash():
    for _, path in CONTRACT:
        concrete = path.replace("{partner}", "tinyclues")
        assert resolve(concrete).func is resolve(f"{concrete}/").func


def test_the_document_is_served_as_json_and_on_request_as_yaml(client):
    answer = client.get("/api/schema/")
    assert answer["Content-Type"].startswith("application/json")
    assert answer.json()["openapi"].startswith("3.")

    answer = client.get("/api/schema/", headers={"Accept": "application/vnd.oai.openapi"})
    assert answer.content.startswith(b"openapi: 3.")


def test_the_page_that_shows_it_loads_nothing_from_elsewhere(client):
    answer = client.get("/api/docs/")

    assert answer.status_code == 200
    shown = answer.content.decode()
    assert "swagger-ui-bundle.js" in shown
    assert "//cdn." not in shown
    assert "https://" not in shown
