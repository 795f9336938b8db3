"""What the request log shows: uploads out of the ledger and all other calls, in one list."""

import heapq
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max, Q, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from partners import deliveries, reasons
from partners.deliveries import Upload
from partners.models import DataImportKey, LoggedCall, Partner
from partners.reasons import Reason
from partners.retention import LINES_KEPT
from workspaces.models import Workspace

PAGE = 100


class Answer(TextChoices):
    """How a call was answered."""

    OK = "ok", _("OK")
    REFUSED = "refused", _("Refused")
    FAILED = "failed", _("Failed")


_WHICH = {
    Answer.OK: Q(status__lt=400),
    Answer.REFUSED: Q(status__gte=400, status__lt=500),
    Answer.FAILED: Q(status__gte=500),
}
_TONES = {Answer.OK: "success", Answer.REFUSED: "danger", Answer.FAILED: "warning"}


@dataclass(frozen=True, slots=True)
class Line:
    """One call. `reason` says what came of it, `errors` the particulars that were answered.

    `cohort_path` is empty where the log doesn't know whether there is such a cohort.
    """

    at: datetime
    path: str
    status: int
    cohort: str
    ids: int | None
    reason: Reason
    request_id: UUID
    cohort_path: str = ""
    errors: Sequence[str] = ()
    address: str | None = None
    client_secret: str = ""
    partner_api_key: str = ""
    partner: str = ""

    @property
    def answer(self) -> Answer:
        if self.status < 400:
            return Answer.OK
        return Answer.REFUSED if self.status < 500 else Answer.FAILED

    @property
    def tone(self) -> str:
        return _TONES[self.answer]


@dataclass(frozen=True, slots=True)
class Lines:
    """A page of the log, the newest first. Pages are numbered from 1."""

    lines: Sequence[Line]
    page: int
    has_older: bool

    @property
    def has_newer(self) -> bool:
        return self.page > 1


NONE = Lines([], page=1, has_older=False)


def of_partner(
    workspace: Workspace,
    partner: Partner,
    *,
    answer: Answer | None = None,
    page: int = 1,
    per_page: int = PAGE,
) -> Lines:
    """The calls of a partner to a workspace, out of the last 1,000 that are kept.

    Three queries, which read no more lines than up to the end of that page.
    """
    most = min(page * per_page + 1, LINES_KEPT)
    logged = LoggedCall.objects.filter(workspace_id=workspace.pk, partner_id=partner.pk)
    lines = [_line(call) for call in _latest(logged, answer, most)]
    if answer in (None, Answer.OK):
        brought = _brought(deliveries.uploads(workspace.pk, partner.pk, most=most), partner)
        lines = list(heapq.merge(lines, brought, key=lambda line: line.at, reverse=True))
    return _cut(lines[:most], page, per_page)


def of_request(workspace: Workspace, partner: Partner, request_id: UUID) -> Lines:
    """The line of that request; none where it isn't kept, or was somebody else's.

    An upload is found for as long as the ledger has it, past the last 1,000 calls too.
    """
    logged = LoggedCall.objects.filter(
        workspace_id=workspace.pk, partner_id=partner.pk, request_id=request_id
    )
    uploads = deliveries.find(workspace.pk, partner.pk, request_id)
    return Lines([*map(_line, logged), *_brought(uploads, partner)], page=1, has_older=False)


def of_installation(
    *, answer: Answer | None = None, page: int = 1, request_id: UUID | None = None
) -> Lines:
    """The calls whose keys named nobody's workspace, to whatever partner; or just that one."""
    most = page * PAGE + 1
    calls = LoggedCall.objects.filter(workspace_id=None)
    if request_id:
        calls = calls.filter(request_id=request_id)
    nobodys = list(_latest(calls, answer, most))
    names = dict(
        Partner.objects.filter(pk__in={call.partner_id for call in nobodys}).values_list(
            "pk", "name"
        )
    )
    lines = [_line(call, names.get(call.partner_id or 0, "")) for call in nobodys]
    return _cut(lines, page, PAGE)


@dataclass(frozen=True, slots=True)
class Trouble:
    """A reason for which calls were refused or failed, and when it last was one."""

    reason: Reason
    last_at: datetime


def troubles(
    workspace: Workspace, partner: Partner, *, since: datetime, most: int
) -> list[Trouble]:
    """Why calls went wrong lately, each reason once, the latest first."""
    wrong = LoggedCall.objects.filter(
        workspace_id=workspace.pk, partner_id=partner.pk, status__gte=400, at__gte=since
    )
    found = wrong.values_list("reason").annotate(last=Max("at")).order_by("-last")[:most]
    return [Trouble(reasons.reason(code), last) for code, last in found]


def _latest(calls: QuerySet[LoggedCall], answer: Answer | None, most: int) -> QuerySet[LoggedCall]:
    found = calls.filter(_WHICH[answer]) if answer else calls
    return found.order_by("-at", "-id")[:most]


def _cut(lines: Sequence[Line], page: int, per_page: int) -> Lines:
    first = (page - 1) * per_page
    return Lines(lines[first : first + per_page], page, len(lines) > first + per_page)


def _line(call: LoggedCall, partner: str = "") -> Line:
    return Line(
        at=call.at,
        path=call.path,
        status=call.status,
        cohort=call.cohort,
        ids=call.ids,
        reason=reasons.reason(call.reason),
        request_id=call.request_id,
        errors=call.errors,
        address=call.address,
        client_secret=call.client_secret,
        partner_api_key=call.partner_api_key,
        partner=partner,
    )


def _brought(uploads: Sequence[Upload], partner: Partner) -> list[Line]:
    prefixes = _prefixes({upload.key_id for upload in uploads if upload.key_id})
    return [
        Line(
            at=upload.at,
            path=f"/partners/{partner.slug}/cohorts/users",
            status=201,
            cohort=upload.cohort,
            ids=upload.ids,
            reason=Reason(upload.outcome),
            request_id=upload.request_id,
            cohort_path=upload.path,
            client_secret=prefixes.get(upload.key_id or 0, ""),
        )
        for upload in uploads
    ]


def _prefixes(key_ids: Collection[Any]) -> dict[int, str]:
    return {key.pk: key.prefix for key in DataImportKey.objects.filter(pk__in=key_ids)}
