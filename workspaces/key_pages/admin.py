"""The pages of one kind of key: its list, a page for each, making, rotating, ending."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from common.keyring import IssuedKey
from common.models import ApiKey
from workspaces.current import current_workspace
from workspaces.key_pages.forms import KeyForm
from workspaces.key_pages.steps import KeyPages
from workspaces.key_pages.table import KeyRow, KeyTable
from workspaces.model_admin import ReadOnlyAdmin
from workspaces.models import Workspace


class KeyAdmin(ReadOnlyAdmin):
    """Puts our pages in the place of Django's list and forms.

    To add is to generate, to change is to rotate or to invalidate: whoever may do either
    may do both. A kind of key says below what is special about it.
    """

    list_select_related: Any = True
    list_template = "keys/list.html"
    key_form: Any = KeyForm
    form_template = "keys/generate.html"
    key_template = "keys/key.html"
    issued_template = "keys/issued.html"

    # --- What a kind of key says ----------------------------------------------------------

    def issue(self, request: HttpRequest, **kept: Any) -> IssuedKey[Any]:
        """A new key, of what its form kept and `by`."""
        raise NotImplementedError

    def stops(self, key: Any) -> str:
        """What happens to whoever still uses an invalidated key."""
        raise NotImplementedError

    def others(self, key: Any) -> QuerySet[Any] | None:
        """Keys that do the same for the same caller, where there are such."""
        return None

    def owner(self, key: Any) -> Any:
        """What a key belongs to beside its workspace: stands at the top of its pages."""
        return None

    def owner_to_be(self, request: HttpRequest) -> Any:
        """What somebody wants to make a key for."""
        return None

    def back(self, owner: Any) -> str:
        """The page that lists the keys of that owner."""
        return reverse(f"admin:{self._prefix}_changelist")

    def about(self, request: HttpRequest, key: Any, text: str = "") -> dict[str, Any]:
        """What its pages say beside what all keys have. `text` is that of a new key."""
        return {}

    # --- Pages ----------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        pages: dict[str, Callable[..., HttpResponse]] = {
            "issued": self.issued_view,
            "rotate": self.rotate_view,
            "invalidate": self.invalidate_view,
        }
        wrap = self.admin_site.admin_view
        ours = [
            path(f"<int:object_id>/{name}/", wrap(view), name=f"{self._prefix}_{name}")
            for name, view in pages.items()
        ]
        return [*ours, *super().get_urls()]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "add")

    def has_end_permission(self, request: HttpRequest) -> bool:
        """Whether somebody may rotate and invalidate keys."""
        return self._may(request, "change")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        self._allow(self.has_view_permission(request))
        return self._pages(request).page(
            self.list_template,
            self.list_title,
            table=self.table(request, self.get_queryset(request)),
            add_path=self.add_path if self.has_add_permission(request) else "",
        )

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        self._allow(self.has_add_permission(request))
        return self._pages(request, self.owner_to_be(request)).generate(
            self.form_of(request),
            partial(self.issue, request),
            title=_("New %(kind)s") % {"kind": self.opts.verbose_name},
            template=self.form_template,
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """To look at: what a key opens can't be changed, because its holder relies on it."""
        self._allow(self.has_view_permission(request) and request.method in ("GET", "HEAD"))
        key = self.found(request, object_id)
        return self._pages(request, self.owner(key)).page(
            self.key_template,
            key.label or key.prefix,
            row=self.row(request, key),
            **self.about(request, key),
        )

    def issued_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        self._allow(self.has_add_permission(request) or self.has_end_permission(request))
        key = self.found(request, object_id)
        pages = self._pages(request, self.owner(key))
        return pages.show(key, self.issued_template, partial(self.about, request, key))

    def rotate_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        self._allow(self.has_end_permission(request))
        key = self.found(request, object_id)
        return self._pages(request, self.owner(key)).rotate(key)

    def invalidate_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        self._allow(self.has_end_permission(request))
        key = self.found(request, object_id)
        return self._pages(request, self.owner(key)).invalidate(
            key, stops=self.stops(key), others=self.others(key)
        )

    def form_of(self, request: HttpRequest) -> KeyForm:
        form: KeyForm = self.key_form(request.POST if request.method == "POST" else None)
        return form

    @property
    def add_path(self) -> str:
        return reverse(f"admin:{self._prefix}_add")

    def found(self, request: HttpRequest, object_id: int | str) -> Any:
        if not str(object_id).isdecimal():
            raise Http404
        return get_object_or_404(self.get_queryset(request), pk=object_id)

    def table(self, request: HttpRequest, found: Iterable[ApiKey]) -> KeyTable:
        return KeyTable.of(found, partial(self.row, request))

    def row(self, request: HttpRequest, key: ApiKey) -> KeyRow:
        may_end = self.has_end_permission(request)
        return KeyRow(
            key,
            owner=self.owner(key),
            path=self.path_of(key, "change"),
            rotate_path=self.path_of(key, "rotate") if may_end else "",
            invalidate_path=self.path_of(key, "invalidate") if may_end else "",
        )

    def path_of(self, key: ApiKey, name: str) -> str:
        return reverse(f"admin:{self._prefix}_{name}", args=[key.pk])

    def _pages(self, request: HttpRequest, owner: Any = None) -> KeyPages:
        return KeyPages(
            request,
            self.admin_site,
            self.opts,
            back=self.back(owner),
            shown_at=partial(self.path_of, name="issued"),
            original=owner,
        )

    @property
    def _prefix(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}"

    def _may(self, request: HttpRequest, do: str) -> bool:
        return request.user.has_perm(f"{self.opts.app_label}.{do}_{self.opts.model_name}")

    def _allow(self, allowed: bool) -> None:
        if not allowed:
            raise PermissionDenied


class WorkspaceKeyAdmin(KeyAdmin):
    """For keys that open one workspace: the one that is looked at."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_add_permission(request) and current_workspace(request) is not None

    def workspace(self, request: HttpRequest) -> Workspace:
        found = current_workspace(request)
        assert found, "nobody adds a key without one"
        return found
