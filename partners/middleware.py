"""What all answers under `/partners/` have in common, whoever gave them."""

import json
import re
import time
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from common import metrics
from common.addresses import client_address
from common.keys import KeyKind
from partners import calls, reasons
from partners.calls import Call
from partners.limits import full_quota
from partners.redaction import prefix_in
from partners.request_log import Entry, Origin, journal

_PATH = re.compile(r"/partners/([-a-zA-Z0-9_]{1,50})/", re.ASCII)
LONGEST_PATH = 400  # of which the log keeps less


class PartnerCallMiddleware:
    """Say where the hourly limit stands, any refusal included, count the call, and note it.

    Noting it touches no database, and an upload isn't noted at all: see `request_log`.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/partners/"):
            return self.get_response(request)
        started = time.perf_counter()
        call = calls.begin(request)
        response = self.get_response(request)
        metrics.partner_request_seconds.observe(time.perf_counter() - started)
        partner = call.partner or metrics.UNKNOWN
        metrics.partner_requests_total.labels(partner, str(response.status_code)).inc()
        quota = call.caller.quota if call.caller else full_quota()
        for name, value in quota.headers().items():
            response[name] = value
        if call.done or response.status_code >= 400:
            journal.note(_entry(request, response, call))
        return response


def _entry(request: HttpRequest, response: HttpResponse, call: Call) -> Entry:
    status = response.status_code
    answer = _answer(response)
    return Entry(
        at=timezone.now(),
        origin=_origin(request, call),
        path=request.path[:LONGEST_PATH],
        status=status,
        code=call.done if status < 400 else reasons.code_of(status, answer.get("message", "")),
        errors=tuple(answer.get("errors", ())),
        cohort=call.cohort,
        ids=call.ids,
        request_id=request.request_id,  # type: ignore[attr-defined]  # set by our middleware
        address=client_address(request),
    )


def _origin(request: HttpRequest, call: Call) -> Origin:
    slug = _PATH.match(request.path)
    body = getattr(request, "_body", b"")  # unset when it wasn't read
    caller = call.caller
    return Origin(
        slug[1] if slug else "",
        partner_api_key=prefix_in(body, KeyKind.PARTNER_API),
        client_secret=prefix_in(body, KeyKind.DATA_IMPORT),
        partner_id=caller.partner_id if caller else None,
        workspace_id=caller.workspace_id if caller else None,
    )


def _answer(response: HttpResponse) -> dict[str, Any]:
    """What it says: a message, and errors when there are particulars."""
    if response.headers.get("Content-Type") != "application/json":
        return {}
    answer: dict[str, Any] = json.loads(response.content)
    return answer
