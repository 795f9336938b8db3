"""What our own OpenAPI document allows, and what it forbids, posted to the partner calls."""

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode

from cohorts.tests.factories import Connector

# A server's own requests close the connection of a test's transaction.
pytestmark = pytest.mark.django_db(transaction=True)

PATHS = ["/partners/{partner}/cohorts", "/partners/{partner}/cohorts/users"]
RELAXED = {"deadline": None, "suppress_health_check": list(HealthCheck)}


def fuzz(path, mode, examples):
    connector = Connector()
    document = schemathesis.openapi.from_wsgi("/api/schema/?format=json", get_wsgi_application())
    cases = document[path]["POST"].as_strategy(generation_mode=mode)

    @settings(max_examples=examples, **RELAXED)
    @given(cases)
    def run(case):
        """With good keys in place of those made up, or nothing gets past them."""
        if isinstance(case.body, dict):
            case.path_parameters["partner"] = connector.partner.slug
            case.body["partner_api_key"] = connector.partner_api_key
            case.body["client_secret"] = connector.client_secret
        response = case.call()
        assert response.status_code in (201, 400, 401, 404, 415, 422), response.text
        assert len(response.content) <= 4_096
        assert response.json()["message"]

    run()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_the_calls_answer_whatever_the_document_allows_or_forbids(path, mode):
    fuzz(path, mode, examples=40)


@pytest.mark.long
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_the_calls_answer_whatever_the_document_allows_or_forbids_at_length(path, mode):
    fuzz(path, mode, examples=1_000)
