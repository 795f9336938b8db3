"""HTTPS calls to addresses that people typed in: none into the private network, none for long.

A name is resolved here, its addresses are judged, and the connection goes to an address that
was judged: a name that resolves to something else a moment later gains nothing. Redirects
aren't followed, because they would lead past that.
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpcore
from django.conf import settings
from django.utils.translation import gettext as _

TIMEOUTS = {"connect": 5.0, "write": 10.0, "read": 10.0, "pool": 10.0}
# Of an answer's body, what is kept for people to read.
MOST_OF_ANSWER = 500


class InvalidAddress(ValueError):
    """Why an address can't be called, in one sentence that says what to do."""


class PrivateAddress(InvalidAddress):
    """The name leads into the private network, which isn't allowed for it."""

    def __init__(self, host: str) -> None:
        super().__init__(
            _(
                "%(host)s is inside the private network; whoever runs Quayside can allow it with "
                "WEBHOOK_PRIVATE_HOSTS."
            )
            % {"host": host}
        )


class NoAnswer(Exception):
    """Nothing came back in time, or the connection broke."""

    def __init__(self, words: str, *, may_have_arrived: bool) -> None:
        self.may_have_arrived = may_have_arrived
        super().__init__(words)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    # The beginning of the body, and what `Retry-After` asked for.
    text: str
    retry_after: str = ""


def check(url: str) -> None:
    """Raise `InvalidAddress` unless it is an address that may be called, as far as names tell."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidAddress(_("Give an address that begins with https://."))
    if parts.username or parts.password:
        raise InvalidAddress(_("Leave user name and password out of the address; use headers."))
    if parts.scheme == "http" and not _is_allowed(parts.hostname):
        raise InvalidAddress(_("Use https:// so that nobody reads along."))
    try:
        port = parts.port or 443
    except ValueError as error:
        raise InvalidAddress(_("The port in the address must be 1 to 65535.")) from error
    judged(parts.hostname, port)


def judged(host: str, port: int) -> list[str]:
    """Addresses of the host that may be called. Raises `InvalidAddress`."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise InvalidAddress(
            _("%(host)s can't be found: check the address.") % {"host": host}
        ) from error
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    if not _is_allowed(host) and not all(_is_public(address) for address in addresses):
        raise PrivateAddress(host)
    return addresses


def pool() -> httpcore.ConnectionPool:
    """What keeps connections open from one call to the next; to be closed."""
    return httpcore.ConnectionPool(
        ssl_context=_trusted(), network_backend=_Judging(), retries=0, max_connections=1
    )


@cache
def _trusted() -> ssl.SSLContext:
    """Whom we believe to be who they say: read once, for it takes longer than a call."""
    return ssl.create_default_context()


def post(
    url: str, body: bytes, headers: Mapping[str, str], pool: httpcore.ConnectionPool
) -> Answer:
    """The answer to a POST, whatever its status. Raises `InvalidAddress` and `NoAnswer`."""
    try:
        with pool.stream(
            "POST",
            url,
            headers=[(name.encode(), value.encode()) for name, value in headers.items()],
            content=body,
            extensions={"timeout": TIMEOUTS},
        ) as response:
            text = _beginning(response.iter_stream())
            found = {name.lower(): value for name, value in response.headers}
    except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
        raise NoAnswer(_words(error), may_have_arrived=False) from error
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
        raise NoAnswer(_words(error), may_have_arrived=True) from error
    return Answer(
        response.status,
        text.decode("utf-8", "replace"),
        found.get(b"retry-after", b"").decode("latin-1"),
    )


class _Judging(httpcore.SyncBackend):
    """Connects to the addresses that `judged` let through, one after another."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        error: Exception = httpcore.ConnectError(host)
        for address in judged(host, port):
            try:
                return super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
        raise error


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__


def _beginning(chunks: Iterable[bytes]) -> bytes:
    """As much as came in time: a receiver that drips its words doesn't keep the worker."""
    text, until = b"", time.monotonic() + TIMEOUTS["read"]
    for chunk in chunks:
        text += chunk
        if len(text) >= MOST_OF_ANSWER or time.monotonic() > until:
            break
    return text[:MOST_OF_ANSWER]


def _is_allowed(host: str) -> bool:
    return host.lower() in {name.lower() for name in settings.WEBHOOK_PRIVATE_HOSTS}


def _is_public(address: str) -> bool:
    found = ipaddress.ip_address(address.split("%", 1)[0])
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_global and not found.is_multicast
