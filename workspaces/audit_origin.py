"""From where a change comes that the audit log notes: the request knows it, no write passes it."""

from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

from common.addresses import client_address

_request: ContextVar[HttpRequest | None] = ContextVar("audited_request", default=None)


class AuditOriginMiddleware:
    """Have entries of the audit log that a request leads to say where it came from.

    Writes take `by=` and know of no request; who makes them is theirs to say, and from where
    isn't. Nothing is looked up unless an entry is written.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _request.set(request)
        try:
            return self.get_response(request)
        finally:
            _request.reset(token)


def address() -> str | None:
    """The client's address; None for what a task or a command does."""
    request = _request.get()
    return client_address(request) if request else None
