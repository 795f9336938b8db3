"""The request log of a partner, and which of its lines a reader asks for."""

import re
import uuid
from dataclasses import dataclass
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from partners import call_history
from partners.call_history import Answer, Lines
from partners.models import Partner
from partners.pages.base import PartnerPage
from workspaces.models import Workspace

LONGEST_TEXT = 100
_PAGE = re.compile(r"[1-9]\d{0,4}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an address asks the log for; what it says wrongly counts as not said."""

    answer: Answer | None
    page: int
    text: str = ""  # in the place of a request id

    @property
    def request_id(self) -> uuid.UUID | None:
        """The one call that is looked for; None also where the text is no request id."""
        try:
            return uuid.UUID(self.text)
        except ValueError:
            return None

    @property
    def choices(self) -> list[tuple[str, str, bool]]:
        """Of each answer to choose the address, the name, and whether it is the one shown."""
        every = [("?", _("All"), not (self.answer or self.text))]
        return every + [
            (f"?answer={one.value}", str(one.label), one is self.answer) for one in Answer
        ]

    @property
    def newer(self) -> str:
        """Address of the page before."""
        return self._address(self.page - 1)

    @property
    def older(self) -> str:
        """Address of the page after."""
        return self._address(self.page + 1)

    def _address(self, page: int) -> str:
        said = {"answer": self.answer.value} if self.answer else {}
        return f"?{urlencode({**said, 'page': page})}"


def wanted(request: HttpRequest) -> Wanted:
    answer, page = request.GET.get("answer"), request.GET.get("page", "")
    if text := request.GET.get("request", "").strip():
        return Wanted(None, 1, text[:LONGEST_TEXT])
    return Wanted(
        Answer(answer) if answer in Answer.values else None,
        int(page) if _PAGE.fullmatch(page) else 1,
    )


class RequestLogPage(PartnerPage):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.log_view)
        ours = path("<int:object_id>/log/", view, name="partners_partner_log")
        return [ours, *super().get_urls()]

    def log_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """For whoever connects partners: the lines name keys, if no secret."""
        portrait = self.portrait(request, object_id)
        if not self.has_connect_permission(request) or request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        if portrait.workspace is None:
            raise Http404
        asked = wanted(request)
        return self.page(
            request,
            "partners/log.html",
            _("Calls of %(partner)s") % {"partner": portrait.partner},
            original=portrait.partner,
            partner=portrait.partner,
            portrait=portrait,
            wanted=asked,
            log=_read(portrait.workspace, portrait.partner, asked),
            back=reverse("admin:partners_partner_change", args=[portrait.partner.pk]),
        )


def _read(workspace: Workspace, partner: Partner, asked: Wanted) -> Lines:
    if asked.request_id:
        return call_history.of_request(workspace, partner, asked.request_id)
    if asked.text:
        return call_history.NONE
    return call_history.of_partner(workspace, partner, answer=asked.answer, page=asked.page)
