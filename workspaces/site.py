"""The dashboard as a whole: what every one of its pages keeps to.

A page over a model is there for those who may see the model, and a page over one object
for those who may see that object. For anybody else it isn't there: 404, as for what never
was, and no word in search or autocomplete. What somebody may see and not do is refused by
the page itself, with 403.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.admin import ModelAdmin
from django.contrib.admin.utils import unquote
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from unfold.dataclasses import SearchResult
from unfold.sites import UnfoldAdminSite

from workspaces import overview
from workspaces.accounts.account_forms import SignInForm
from workspaces.accounts.forms import NewPasswordForm
from workspaces.accounts.sign_in import PasswordView

View = Callable[..., HttpResponse]

# What the object's primary key is called in paths.
_OBJECT = ("object_id", "id")


class DashboardSite(UnfoldAdminSite):  # type: ignore[misc]
    """Closed unless opened, so that a page that asks for no permission shows nothing."""

    login_form = SignInForm

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        owner = getattr(view, "__self__", None)
        closed = _for_viewers(view, owner) if isinstance(owner, ModelAdmin) else view
        wrapped: View = super().admin_view(closed, cacheable)
        return wrapped

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Django's page, with our view behind it, which knows of second factors."""
        if request.method == "GET" and self.has_permission(request):
            return redirect("admin:index")
        context = {
            **self.each_context(request),
            "title": _("Log in"),
            "app_path": request.get_full_path(),
            REDIRECT_FIELD_NAME: reverse("admin:index"),
            **(extra_context or {}),
        }
        if REDIRECT_FIELD_NAME in {*request.GET, *request.POST}:
            del context[REDIRECT_FIELD_NAME]
        view = PasswordView.as_view(
            extra_context=context,
            authentication_form=self.login_form,
            template_name="admin/login.html",
        )
        return cast(HttpResponse, view(request))

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        view = PasswordChangeView.as_view(
            form_class=NewPasswordForm,
            success_url=reverse("admin:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
            template_name=self.password_change_template or "registration/password_change_form.html",
        )
        return cast(HttpResponse, view(request))

    def index(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The overview, in the place of a list of models."""
        context = {**(extra_context or {}), "overview": overview.read(request)}
        answer: HttpResponse = super().index(request, context)
        return answer

    def get_app_list(
        self, request: HttpRequest, app_label: str | None = None
    ) -> list[dict[str, Any]]:
        """By the groups of the sidebar: apps of one name are one group."""
        groups: dict[str, dict[str, Any]] = {}
        for app in super().get_app_list(request, app_label):
            group = groups.setdefault(str(app["name"]), {**app, "models": []})
            group["models"] += app["models"]
        return list(groups.values())

    def app_index(
        self, request: HttpRequest, app_label: str, extra_context: Any = None
    ) -> HttpResponse:
        """On to the first of the app's lists in the sidebar, in the place of a list of models."""
        below = reverse("admin:app_list", args=[app_label])
        for group in self.get_sidebar_list(request):
            for page in group["items"]:
                if str(page["link"]).startswith(below):
                    return redirect(page["link"])
        raise Http404

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
