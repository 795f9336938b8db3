"""Calls that named no workspace: for whoever runs the installation, and nobody else."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from partners import call_history, reasons
from partners.call_history import Lines
from partners.models import LoggedCall
from partners.pages.log import Wanted, wanted
from partners.request_log import LINES_A_MINUTE
from workspaces.model_admin import ReadOnlyAdmin


class InstallationLogPages(ReadOnlyAdmin):
    """Stands in the place of Django's list. No role includes its permission: others get 404."""

    list_select_related = True
    fields = (
        ("at", "status"),
        ("path", "address"),
        "why",
        ("client_secret", "partner_api_key"),
        "request_id",
    )
    readonly_fields = (
        "at",
        "status",
        "path",
        "address",
        "why",
        "client_secret",
        "partner_api_key",
        "request_id",
    )

    def wall(self, request: HttpRequest) -> Q:
        return Q(workspace_id=None)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_permission(request) or request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        asked = wanted(request)
        return self.page(
            request,
            "partners/installation_log.html",
            self.list_title,
            wanted=asked,
            log=_read(asked),
            lines_a_minute=LINES_A_MINUTE,
        )

    @display(description=_("outcome"))
    def why(self, call: LoggedCall) -> str:
        reason = reasons.reason(call.reason)
        return f"{reason.what} {reason.advice}"


def _read(asked: Wanted) -> Lines:
    if asked.text and not asked.request_id:
        return call_history.NONE
    return call_history.of_installation(
        answer=asked.answer, page=asked.page, request_id=asked.request_id
    )
