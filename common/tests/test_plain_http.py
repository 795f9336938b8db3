"""An API call over plain HTTP is refused, never redirected: its key has leaked already."""

import pytest


@pytest.fixture(autouse=True)
def production(settings):
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_REDIRECT_EXEMPT = [r"^partners(/|$)"]
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")


def test_a_call_over_plain_http_is_refused_with_a_sentence(client):
    answer = client.post("/partners/tinyclues/cohorts", "{}", content_type="application/json")

    assert (answer.status_code, answer.json()["message"]) == (403, "HTTPS is required")
    assert "X-RateLimit-Limit" in answer


@pytest.mark.django_db
def test_a_call_that_a_proxy_took_over_https_is_heard(client):
    answer = client.post(
        "/partners/tinyclues/cohorts",
        "{}",
        content_type="application/json",
        headers={"X-Forwarded-Proto": "https"},
    )

    assert answer.status_code == 401
