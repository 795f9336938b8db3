"""How errors become answers, once for every API."""

import logging
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from common import errors
from common.roots import API_ROOTS

logger = logging.getLogger(__name__)

# An error answer stays under 4 KiB whatever the request was.
MOST_ERRORS = 10
LONGEST_ERROR = 300

DATABASE_RETRY_SECONDS = 2

_IN_OUR_WORDS: dict[type[Exception], type[errors.ApiError]] = {
    exceptions.NotAuthenticated: errors.Unauthorized,
    exceptions.AuthenticationFailed: errors.Unauthorized,
    exceptions.PermissionDenied: errors.AccessDenied,
    exceptions.NotFound: errors.NotFound,
    exceptions.ParseError: errors.BadRequest,
    exceptions.UnsupportedMediaType: errors.UnsupportedEncoding,
}


def is_api(request: HttpRequest) -> bool:
    return request.path.lstrip("/").split("/", 1)[0] in API_ROOTS


def error_payload(error: errors.ApiError) -> dict[str, Any]:
    payload: dict[str, Any] = {"message": error.message}
    if error.errors:
        payload["errors"] = [text[:LONGEST_ERROR] for text in error.errors[:MOST_ERRORS]]
    return payload


def error_headers(error: errors.ApiError) -> dict[str, str]:
    return {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}


def error_response(error: errors.ApiError) -> JsonResponse:
    """The answer for an error that no DRF view is around to render."""
    return JsonResponse(error_payload(error), status=error.status, headers=error_headers(error))


def exception_handler(exception: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's hook. None leaves the exception to Django: it is a bug, and answers 500."""
    error = _as_api_error(exception)
    if error is not None:
        set_rollback()
        headers = error_headers(error)
        if challenge := getattr(exception, "auth_header", None):
            headers["WWW-Authenticate"] = challenge
        return Response(error_payload(error), status=error.status, headers=headers)
    if isinstance(exception, exceptions.APIException):
        set_rollback()
        headers = {"Allow": ", ".join(context["view"].allowed_methods)}
        title = getattr(exception.default_detail, "title", lambda: "Error")()
        if isinstance(exception, exceptions.MethodNotAllowed):
            return Response({"message": "Method Not Allowed"}, status=405, headers=headers)
        return Response({"message": str(title)}, status=exception.status_code)
    return None


def _as_api_error(exception: Exception) -> errors.ApiError | None:
    if isinstance(exception, errors.ApiError):
        return exception
    if isinstance(exception, RecursionError):
        return errors.BadRequest()
    if is_database_away(exception):
        logger.warning("database unavailable: %s", type(exception).__name__)
        return errors.Unavailable(retry_after=DATABASE_RETRY_SECONDS)
    for kind, ours in _IN_OUR_WORDS.items():
        if isinstance(exception, kind):
            return ours()
    return None


def is_database_away(exception: BaseException) -> bool:
    """Whether the database can't be reached or can't cope now, rather than refusing the query."""
    if isinstance(exception, OperationalError | InterfaceError):
        return True
    # 53: out of disk, memory or connections; 57P: shutting down. 25006: a standby.
    state = getattr(exception.__cause__, "sqlstate", None) or ""
    return isinstance(exception, DatabaseError) and state.startswith(("53", "57P", "25006", "08"))


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_api(request):
        return error_response(errors.NotFound())
    return defaults.page_not_found(request, exception)


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_api(request):
        return error_response(errors.BadRequest())
    return defaults.bad_request(request, exception)


def handler500(request: HttpRequest) -> HttpResponse:
    if is_api(request):
        return JsonResponse({"message": "Internal Server Error"}, status=500)
    return defaults.server_error(request)
