"""Show a new key once: on the page after the one that asked for it, and never again.

Between the two pages the key is at rest nowhere. It is cut into two shares (see
`common.shares`): the session keeps one, a cookie of that page alone keeps the other, and
neither the database nor the browser's store says anything about the key. The first
showing takes the session's share away, so that a reload finds nothing to show.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from common import keys, shares
from common.keyring import IssuedKey, Row
from common.models import ApiKey

SESSION_KEY = "new_keys"
SECONDS = 300


def redirect_to(path: str, request: HttpRequest, issued: IssuedKey[Row]) -> HttpResponse:
    """Send the person to the page at `path`, which has five minutes to show the key."""
    kept, given = shares.split(issued.text)
    waiting = request.session.get(SESSION_KEY, {})
    request.session[SESSION_KEY] = {**waiting, issued.row.public_id: kept}
    response = redirect(path)
    response.set_cookie(
        _cookie(issued.row),
        given,
        max_age=SECONDS,
        path=path,
        httponly=True,
        samesite="Strict",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return response


def take(request: HttpRequest, key: ApiKey) -> str | None:
    """The text of a key that waits to be shown, for the last time; else None."""
    if request.method != "GET":
        return None
    waiting = dict(request.session.get(SESSION_KEY, {}))
    kept = waiting.pop(key.public_id, None)
    if kept is None:
        return None
    request.session[SESSION_KEY] = waiting
    try:
        text = shares.join(kept, request.COOKIES.get(_cookie(key), ""))
    except ValueError:
        return None
    parsed = keys.parse(text, key.kind)
    return text if parsed and parsed.public_id == key.public_id else None


def close(response: HttpResponse, request: HttpRequest, key: ApiKey) -> HttpResponse:
    """Let neither a cache nor the cookie keep what the page showed."""
    response["Cache-Control"] = "no-store"
    if request.method == "GET":
        response.delete_cookie(_cookie(key), path=request.path, samesite="Strict")
    return response


def _cookie(key: ApiKey) -> str:
    return f"new_key_{key.public_id}"
