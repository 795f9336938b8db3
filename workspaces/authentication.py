"""Who calls the REST API, and whether their key opens what they call.

One refusal for every bad key, so that an answer never says whether a key exists.
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from common import addresses, keyring, keys
from common.errors import AccessDenied
from common.keys import KeyKind, ParsedKey
from workspaces.models import RestApiKey

if TYPE_CHECKING:  # the framework imports this module while it loads its views
    from rest_framework.views import APIView

SCHEME = "Bearer"
CHALLENGE = f'{SCHEME} realm="Quayside"'

# How exact `last_used_at` is, and how seldom it is written.
LAST_USE = timedelta(minutes=1)

_STALE = Q(last_used_at=None) | Q(last_used_at__lt=Now() - LAST_USE)


class RestApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer <key>`. Sets `request.auth` to the key, with its workspace.

    Absent, malformed, quoted, unknown, invalidated and expired keys are all one 401.
    Nothing is cached, so that invalidating a key is exact.
    """

    def authenticate(self, request: Request) -> tuple[None, RestApiKey]:
        key = _bearer(request)
        row = _live_row(key) if key else None
        if key is None or not keyring.opens(key, row) or row is None:
            raise AuthenticationFailed
        address = addresses.client_address(request._request)
        _check_network(row, address)
        if row.last_used_at is None or row.last_used_at < timezone.now() - LAST_USE:
            _note_use(row, address)
        return None, row

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


class KeyHasPermission(BasePermission):
    """Lets a key through to the views whose `required_permission` it has.

    Closed unless opened: a view that names no permission refuses every key.
    """

    def has_permission(self, request: Request, view: "APIView") -> bool:
        required = getattr(view, "required_permission", None)
        key = request.auth
        return bool(required) and isinstance(key, RestApiKey) and required in key.permissions


def key_of(request: Request) -> RestApiKey:
    """The key that an authenticated call came with."""
    key = request.auth
    assert isinstance(key, RestApiKey)
    return key


def _bearer(request: Request | HttpRequest) -> ParsedKey | None:
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != SCHEME.lower():
        return None
    return keys.parse(text.strip(), KeyKind.REST_API)


def _live_row(key: ParsedKey) -> RestApiKey | None:
    found = RestApiKey.objects.select_related("workspace").order_by()
    # Not `first()`, which sorts: building the statement is most of what this costs.
    return next(iter(found.filter(keyring.LIVE, public_id=key.public_id)), None)


def _check_network(row: RestApiKey, address: str | None) -> None:
    if not row.allowed_networks:
        return
    parsed = addresses.parse(address or "")
    if parsed is None or not addresses.within(parsed, row.allowed_networks):
        raise AccessDenied(errors=[f"This key can't be used from {address or 'here'}."])


def _note_use(row: RestApiKey, address: str | None) -> None:
    used: dict[str, Any] = {"last_used_at": Now(), "last_used_from": address}
    RestApiKey.objects.filter(_STALE, pk=row.pk).update(**used)
