import pytest
from django.test import RequestFactory

from common.addresses import client_address


def address(settings, remote, forwarded=None, proxies=("10.0.0.0/8",)):
    settings.TRUSTED_PROXIES = list(proxies)
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return client_address(RequestFactory().get("/", REMOTE_ADDR=remote, headers=headers))


@pytest.mark.parametrize(
    ("remote", "forwarded", "expected"),
    [
        ("203.0.113.7", None, "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),  # not a proxy of ours: it may lie
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", "198.51.100.1, 203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", "203.0.113.7, 10.0.0.2", "203.0.113.7"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.7, unknown, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("::ffff:10.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("2001:db8::1", None, "2001:db8::1"),
        ("", "203.0.113.7", None),
    ],
)
def test_the_client_is_the_nearest_hop_that_is_no_proxy_of_ours(
    settings, remote, forwarded, expected
):
    assert address(settings, remote, forwarded) == expected


def test_without_trusted_proxies_nothing_forwarded_is_believed(settings):
    assert address(settings, "10.0.0.1", "203.0.113.7", proxies=()) == "10.0.0.1"
