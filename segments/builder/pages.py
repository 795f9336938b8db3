"""The pages of the segment form: one to add, one to change, and its reach by itself.

`…/segment/add/?cohort=tinyclues:spring` opens the form with a filter that includes that cohort,
named by its partner's slug and the partner's id for it; the parameter may come several times.
"""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from segments import services
from segments.builder import edits, picks
from segments.builder.draft import Draft
from segments.builder.form import Builder
from segments.forms import SegmentForm
from segments.models import Segment
from segments.pages.wording import edited_meanwhile
from segments.reading import InvalidTree
from segments.tree import parse
from workspaces.current import current_workspace, signed_in
from workspaces.model_admin import WalledAdmin
from workspaces.models import Workspace


class BuilderAdmin(WalledAdmin):
    """Puts `segments.builder.form` in the place of Django's form."""

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        ours = [
            path("reach/", wrap(self.reach_view), name="segments_segment_new_reach"),
            path("<path:object_id>/reach/", wrap(self.reach_view), name="segments_segment_reach"),
            path("picks/", wrap(self.picks_view), name="segments_segment_picks"),
        ]
        return ours + list(super().get_urls())

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return self._form(request, None)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return self._form(request, self._found(request, object_id))

    def reach_view(self, request: HttpRequest, object_id: str = "") -> HttpResponse:
        """All that changes while values are edited: the numbers, and what is wrong where."""
        if not self.has_view_permission(request) or request.method != "POST":
            raise PermissionDenied
        segment = self._found(request, object_id) if object_id else None
        builder = _submitted(request, segment)
        builder.evaluate()
        return TemplateResponse(request, "segments/partials/live.html", {"builder": builder})

    def picks_view(self, request: HttpRequest) -> HttpResponse:
        """A page of what a filter's picker offers, as options of its list."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        asked = request.GET
        of = self.get_object(request, asked["of"]) if asked.get("of") else None
        page = picks.find(
            shown_workspace(request),
            asked.get("what", ""),
            asked.get("text", ""),
            page=int(asked["page"]) if asked.get("page", "").isdecimal() else 1,
            of=of,
        )
        return TemplateResponse(request, "segments/partials/options.html", {"page": page})

    def _found(self, request: HttpRequest, object_id: str) -> Segment:
        segment: Segment | None = self.get_object(request, object_id)
        if segment is None:
            raise Http404
        if not self.has_view_permission(request, segment):
            raise PermissionDenied
        return segment

    def _form(self, request: HttpRequest, segment: Segment | None) -> HttpResponse:
        may_save = self.has_change_permission(request, segment) if segment else True
        if request.method != "POST":
            named = request.GET.getlist("cohort")
            draft = Draft.of(parse(segment.filters)) if segment else Draft.from_cohorts(named)
            builder = Builder(shown_workspace(request), SegmentForm.of(segment), draft, segment)
            builder.evaluate()
            return self._page(request, builder, may_save)
        if not may_save:
            raise PermissionDenied
        builder = _submitted(request, segment)
        edits.carry_out(builder.draft, request.POST)
        builder.evaluate()
        if "_save" in request.POST and (saved := _save(request, builder)):
            return HttpResponseRedirect(reverse("admin:segments_segment_change", args=[saved.pk]))
        return self._page(request, builder, may_save)

    def _page(self, request: HttpRequest, builder: Builder, may_save: bool) -> HttpResponse:
        segment = builder.segment
        return self.page(
            request,
            "segments/builder.html",
            segment.name if segment else _("New segment"),
            original=segment,
            builder=builder,
            may_save=may_save,
            unsaved=request.method == "POST",
        )


def _submitted(request: HttpRequest, segment: Segment | None) -> Builder:
    """The form as it was sent; its own fields complain only where somebody saves."""
    form = SegmentForm(request.POST)
    if "_save" not in request.POST:
        form = SegmentForm(initial={key: request.POST.get(key, "") for key in form.fields})
    return Builder(
        shown_workspace(request),
        form,
        Draft.submitted(request.POST),
        segment,
        is_live="live" in request.POST,
        finds=request.POST.get("_find", ""),
        lookup_text=request.POST.get("lookup", ""),
    )


def _save(request: HttpRequest, builder: Builder) -> Segment | None:
    """The segment, stored, or None with what hinders it noted in the form."""
    if not builder.form.is_valid() or builder.tree is None:
        return None
    values = builder.form.kept()
    try:
        if segment := builder.segment:
            before = segment.updated_at
            services.update(segment, **values, filters=builder.tree, by=signed_in(request))
            is_changed = segment.updated_at != before
        else:
            is_changed = True
            segment = services.create(
                builder.workspace, **values, filters=builder.tree, by=signed_in(request)
            )
    except services.NameTaken:
        builder.form.add_error("name", _("Another segment has this name."))
        return None
    except services.EditedMeanwhile as error:
        builder.form.base_on(error.version.number)
        messages.error(request, edited_meanwhile(error.version))
        return None
    except InvalidTree as error:
        builder.draft.blame(error)
        return None
    messages.success(request, _saved(segment, builder, is_changed))
    return segment


def _saved(segment: Segment, builder: Builder, is_changed: bool) -> str:
    """What came of saving, and whom the segment reaches by it."""
    assert builder.reach is not None  # whoever saved has a tree that was counted
    total = builder.reach.total
    values = {"name": segment.name, "total": number_format(total)}
    if not is_changed:
        return _("There was nothing to save: %(name)s is as it was.") % values
    return (
        ngettext(
            "%(name)s is saved. It reaches %(total)s user.",
            "%(name)s is saved. It reaches %(total)s users.",
            total,
        )
        % values
    )


def shown_workspace(request: HttpRequest) -> Workspace:
    workspace = current_workspace(request)
    if workspace is None:
        raise Http404
    return workspace
