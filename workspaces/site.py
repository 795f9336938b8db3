"""The dashboard as a whole: what every one of its pages keeps to.

A page over a model is there for those who may see the model, and a page over one object
for those who may see that object. For anybody else it isn't there: 404, as for what never
was, and no word in search or autocomplete. What somebody may see and not do is refused by
the page itself, with 403.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.admin import ModelAdmin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.dataclasses import SearchResult
from unfold.sites import UnfoldAdminSite

View = Callable[..., HttpResponse]

# What the object's primary key is called in paths.
_OBJECT = ("object_id", "id")


class DashboardSite(UnfoldAdminSite):  # type: ignore[misc]
    """Closed unless opened, so that a page that asks for no permission shows nothing."""

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        owner = getattr(view, "__self__", None)
        closed = _for_viewers(view, owner) if isinstance(owner, ModelAdmin) else view
        wrapped: View = super().admin_view(closed, cacheable)
        return wrapped

    def get_app_list(
        self, request: HttpRequest, app_label: str | None = None
    ) -> list[dict[str, Any]]:
        """By the groups of the sidebar: apps of one name are one group."""
        groups: dict[str, dict[str, Any]] = {}
        for app in super().get_app_list(request, app_label):
            group = groups.setdefault(str(app["name"]), {**app, "models": []})
            group["models"] += app["models"]
        return list(groups.values())

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        try:
            found: HttpResponse = super().autocomplete_view(request)
        except PermissionDenied:
            raise Http404 from None
        return found

    def search(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The sidebar's pages whose name or group has the text in it.

        In the place of the theme's, which keeps what it found for five minutes, whatever
        workspace the person goes on to and whatever they may see by then.
        """
        wanted = request.GET.get("s", "").strip().casefold()
        if not wanted:
            return HttpResponse()
        found = [
            SearchResult(
                title=str(page["title"]),
                description=str(group["title"] or ""),
                link=page["link"],
                icon=page["icon"],
            )
            for group in self.get_sidebar_list(request)
            for page in group["items"]
            if wanted in f"{page['title']} {group['title'] or ''}".casefold()
        ]
        return TemplateResponse(
            request,
            "unfold/helpers/search_results.html",
            {"results": found},
            headers={"HX-Trigger": "search"},
        )


def _for_viewers(view: View, owner: Any) -> View:
    @wraps(view)
    def closed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not owner.has_view_permission(request):
            raise Http404
        for name in kwargs.keys() & _OBJECT:
            if not _is_there(request, owner, kwargs[name]):
                raise Http404
        return view(request, *args, **kwargs)

    return closed


def _is_there(request: HttpRequest, owner: Any, object_id: str | int) -> bool:
    try:
        pk = owner.model._meta.pk.to_python(unquote(str(object_id)))
    except ValidationError:
        return False
    return bool(owner.get_queryset(request).filter(pk=pk).exists())
