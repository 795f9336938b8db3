"""What can be done to many segments of the list at once, each after a question."""

from collections.abc import Callable
from typing import Any, NamedTuple

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy, ngettext

from segments import bulk, usage
from segments.forms import TagsForm
from segments.models import Segment
from segments.pages.base import SegmentPage
from segments.pages.wording import refusal
from workspaces.current import current_workspace, signed_in

# Segments that the question lists by name.
MOST_LISTED = 20


class Question(NamedTuple):
    action: str
    title: Any
    text: Any
    button: Any
    is_danger: bool = False


ARCHIVE = Question(
    "archive_chosen",
    gettext_lazy("Archive these segments?"),
    gettext_lazy("They leave every list, and can be restored. One that is in use stays."),
    gettext_lazy("Archive"),
    is_danger=True,
)
TAG = Question(
    "tag_chosen",
    gettext_lazy("Add tags to these segments"),
    gettext_lazy("The tags that they have stay."),
    gettext_lazy("Add tags"),
)
UNTAG = Question(
    "untag_chosen",
    gettext_lazy("Remove tags from these segments"),
    gettext_lazy("Other tags that they have stay."),
    gettext_lazy("Remove tags"),
)


class BulkActions(SegmentPage):
    actions: Any = ("archive_chosen", "tag_chosen", "untag_chosen")

    @admin.action(description=gettext_lazy("Archive"), permissions=["change"])
    def archive_chosen(
        self, request: HttpRequest, queryset: QuerySet[Segment]
    ) -> HttpResponse | None:
        if "_confirmed" not in request.POST:
            return self._ask(request, queryset, ARCHIVE)
        outcome = bulk.archive(queryset, by=signed_in(request))
        if outcome.changed:
            text = ngettext("%(n)s segment archived.", "%(n)s segments archived.", outcome.changed)
            messages.success(request, text % {"n": number_format(outcome.changed)})
        _tell_refusals(request, outcome)
        return None

    @admin.action(description=gettext_lazy("Add tags"), permissions=["change"])
    def tag_chosen(self, request: HttpRequest, queryset: QuerySet[Segment]) -> HttpResponse | None:
        return self._retag(request, queryset, TAG, bulk.tag)

    @admin.action(description=gettext_lazy("Remove tags"), permissions=["change"])
    def untag_chosen(
        self, request: HttpRequest, queryset: QuerySet[Segment]
    ) -> HttpResponse | None:
        return self._retag(request, queryset, UNTAG, bulk.untag)

    def _retag(
        self,
        request: HttpRequest,
        queryset: QuerySet[Segment],
        question: Question,
        change: Callable[..., bulk.Outcome],
    ) -> HttpResponse | None:
        form = TagsForm(request.POST if "_confirmed" in request.POST else None)
        if not form.is_valid():
            return self._ask(request, queryset, question, form)
        outcome = change(queryset, form.cleaned_data["tags"], by=signed_in(request))
        text = ngettext("%(n)s segment changed.", "%(n)s segments changed.", outcome.changed)
        messages.success(request, text % {"n": number_format(outcome.changed)})
        _tell_refusals(request, outcome)
        return None

    def _ask(
        self,
        request: HttpRequest,
        queryset: QuerySet[Segment],
        question: Question,
        form: TagsForm | None = None,
    ) -> HttpResponse:
        chosen = list(queryset.order_by("name", "pk"))
        workspace = current_workspace(request)
        uses = usage.uses_of_each(workspace.pk if workspace else 0, [one.pk for one in chosen])
        return self.page(
            request,
            "segments/bulk.html",
            question.title,
            question=question,
            form=form,
            chosen=chosen,
            shown=[(one, uses[one.pk]) for one in chosen[:MOST_LISTED]],
            hidden=max(0, len(chosen) - MOST_LISTED),
            checkbox=ACTION_CHECKBOX_NAME,
        )


def _tell_refusals(request: HttpRequest, outcome: bulk.Outcome) -> None:
    for error in outcome.refused[:MOST_LISTED]:
        messages.error(request, refusal(error))
    more = len(outcome.refused) - MOST_LISTED
    if more > 0:
        text = ngettext("%(n)s more stays.", "%(n)s more stay.", more)
        messages.error(request, text % {"n": number_format(more)})
