"""What every API request goes through before a view sees it."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError

from common import errors, request_ids
from common.http import error_response, is_api


class ApiMiddleware:
    """Name the request, and read an API body up to the limit, chunked or not.

    WSGI gives a chunked body no `CONTENT_LENGTH`, and Django takes that for an empty one.
    A body over the limit is still read up to it: refusing by its length alone breaks the
    connection before the client has the answer.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = request_ids.new()  # type: ignore[attr-defined]  # ours
        refusal = self._read(request) if is_api(request) else None
        response = error_response(refusal) if refusal else self.get_response(request)
        response["X-Request-Id"] = str(request.request_id)  # type: ignore[attr-defined]  # ours
        return response

    def _read(self, request: HttpRequest) -> errors.ApiError | None:
        """Set the body on `request`, or say why it can't be taken."""
        if settings.SECURE_SSL_REDIRECT and not request.is_secure():
            return errors.AccessDenied(
                "HTTPS is required", errors=["Make a new key: this one travelled in clear text"]
            )
        if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
            return errors.UnsupportedEncoding(
                errors=["Content-Encoding must be identity: send the body uncompressed"]
            )
        limit = settings.REQUEST_BODY_LIMIT
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            return errors.BadRequest()
        chunked = "chunked" in request.headers.get("Transfer-Encoding", "").lower()
        stream = request.META["wsgi.input"] if chunked and not length else request
        try:
            body = _read_up_to(stream, limit + 1)
        except (UnreadablePostError, OSError):
            return errors.BadRequest()
        request._body = body
        return errors.BodyTooLarge() if len(body) > limit else None


def _read_up_to(stream: HttpRequest, size: int) -> bytes:
    parts = []
    while size > 0 and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
