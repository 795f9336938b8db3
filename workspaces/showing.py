"""Show a new secret once: on the page after the one that asked for it, and never again.

Between the two pages the secret is at rest nowhere. It is cut into two shares (see
`common.shares`): the session keeps one, a cookie of that page alone keeps the other, and
neither the database nor the browser's store says anything about it. The first showing
takes the session's share away, so that a reload finds nothing to show.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from common import shares

SESSION_KEY = "new_secrets"
SECONDS = 300


def redirect_to(path: str, request: HttpRequest, name: str, text: str) -> HttpResponse:
    """Send the person to the page at `path`, which has five minutes to show the secret `name`."""
    kept, given = shares.split(text)
    waiting = request.session.get(SESSION_KEY, {})
    request.session[SESSION_KEY] = {**waiting, name: kept}
    response = redirect(path)
    response.set_cookie(
        _cookie(name),
        given,
        max_age=SECONDS,
        path=path,
        httponly=True,
        samesite="Strict",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return response


def take(request: HttpRequest, name: str) -> str | None:
    """The secret that waits to be shown, for the last time; else None."""
    if request.method != "GET":
        return None
    waiting = dict(request.session.get(SESSION_KEY, {}))
    kept = waiting.pop(name, None)
    if kept is None:
        return None
    request.session[SESSION_KEY] = waiting
    try:
        return shares.join(kept, request.COOKIES.get(_cookie(name), ""))
    except ValueError:
        return None


def close(response: HttpResponse, request: HttpRequest, name: str) -> HttpResponse:
    """Let neither a cache nor the cookie keep what the page showed."""
    response["Cache-Control"] = "no-store"
    if request.method == "GET":
        response.delete_cookie(_cookie(name), path=request.path, samesite="Strict")
    return response


def _cookie(name: str) -> str:
    return f"new_{name}"
