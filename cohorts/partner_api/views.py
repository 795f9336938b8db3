"""The two calls that partners make. Thin doors: decode, authenticate, hand over, answer."""

from contextlib import AbstractContextManager, nullcontext

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cohorts import registry
from cohorts.partner_api import inbox, requests, schema
from common.addresses import client_address
from common.errors import Unauthorized, UnsupportedEncoding
from common.metrics import partner_ids_total
from partners import calls, idempotency, last_use, limits
from partners.authentication import Caller, authenticate
from partners.calls import Call

JSON_TYPES = ("", "application/json")


class PartnerView(APIView):
    """A call whose keys travel in its body, not in a header."""

    authentication_classes = ()
    permission_classes = ()

    def admit(self, request: Request, partner: str) -> tuple[Caller, requests.Body]:
        """The caller and the opened body; raises what refuses them."""
        if request.content_type.partition(";")[0].strip().lower() not in JSON_TYPES:
            raise UnsupportedEncoding(errors=["Content-Type must be application/json"])
        body = requests.open_body(request._request.body)
        address = client_address(request._request)
        call = calls.of(request)
        try:
            call.caller = caller = authenticate(
                partner, body.partner_api_key, body.client_secret, address=address
            )
        except Unauthorized:
            call.partner = partner
            raise
        call.partner = partner
        caller.quota.check()
        return caller, body


@extend_schema(tags=["Partner cohorts"])
class CohortNameView(PartnerView):
    @extend_schema(
        operation_id="name_cohort",
        summary="Name a cohort, or rename it",
        request=schema.CohortName,
        responses=schema.PARTNER_ANSWERS,
    )
    def post(self, request: Request, partner: str) -> Response:
        caller, body = self.admit(request, partner)
        call = calls.of(request)
        call.cohort = external_id = requests.cohort_id(body)
        naming = requests.naming(body)
        with transaction.atomic():
            if not _is_first(request, caller, external_id, naming):
                return _replayed(call)
            cohort_id = registry.find_or_create(caller.workspace_id, caller.partner_id, external_id)
            registry.name(
                cohort_id,
                name=naming.name,
                created_at=naming.created_at,
                export_file_name=naming.export_file_name,
            )
            # Last, as in the other call: cohort first, then the count, or the two deadlock.
            limits.count(caller.workspace_id, caller.partner_id, caller.quota)
        call.done = "named"
        last_use.note(caller)
        return _success(caller)


@extend_schema(tags=["Partner cohorts"])
class CohortUsersView(PartnerView):
    @extend_schema(
        operation_id="change_cohort_users",
        summary="Add users to a cohort, and remove them from it",
        request=schema.CohortUsers,
        responses=schema.PARTNER_ANSWERS,
    )
    def post(self, request: Request, partner: str) -> Response:
        caller, body = self.admit(request, partner)
        call = calls.of(request)
        call.cohort = external_id = requests.cohort_id(body)
        changes = requests.changes(body)
        call.ids = changes.ids if changes else 0
        with _transaction_if_named(request):
            if not _is_first(request, caller, external_id, changes):
                return _replayed(call)
            if changes is None:
                call.done = "tested"
                last_use.note(caller)
                return _success()
            request_id = request._request.request_id  # type: ignore[attr-defined]  # set by our middleware
            inbox.accept(caller, external_id, changes, request_id=request_id)
            partner_ids_total.labels(partner).inc(changes.ids)
        return _success(caller)


def _transaction_if_named(request: Request) -> AbstractContextManager[None]:
    """Storing a request is one statement; with an Idempotency-Key it is two, together."""
    return transaction.atomic() if idempotency.HEADER in request.headers else nullcontext()


def _is_first(request: Request, caller: Caller, *understood: object) -> bool:
    """Whether to carry the request out: False if its Idempotency-Key was used for it before."""
    key = request.headers.get(idempotency.HEADER)
    if key is None:
        return True
    idempotency.check(key)
    path = request.path.rstrip("/").encode()
    return idempotency.claim(caller, key, path, requests.canonical(*understood))


def _replayed(call: Call) -> Response:
    """The first answer again."""
    call.done = "replayed"
    response = _success()
    response[idempotency.REPLAYED] = "true"
    return response


def _success(caller: Caller | None = None) -> Response:
    """The answer; `caller` when the request counts."""
    if caller is not None:
        caller.quota.accepted += 1
    return Response({"message": "success"}, status=201)
