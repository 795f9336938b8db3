"""What the dashboard's pages over a model have in common."""

from typing import Any

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.text import capfirst

from workspaces import audit
from workspaces.current import current_workspace
from workspaces.models import User, Workspace
from workspaces.moments import RelativeTimes


class WalledAdmin(RelativeTimes):
    """Shows the rows of the workspace that is looked at, and knows of no others.

    The ground of every page over a model; `workspaces.site` answers 404 for the others.
    """

    def wall(self, request: HttpRequest) -> Q:
        """Which rows there are for this person. All, of what belongs to the installation."""
        if any(field.name == "workspace" for field in self.model._meta.fields):
            return Q(workspace=current_workspace(request))
        return Q()

    # On the button that leads from the list to a new one; else "Add", and what it is.
    add_words: Any = ""

    @property
    def list_title(self) -> str:
        """What the list is called in a browser's tabs and history: what is in it."""
        return capfirst(str(self.opts.verbose_name_plural))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"title": self.list_title, **(extra_context or {})}
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        found: QuerySet[Any] = super().get_queryset(request)
        return found.filter(self.wall(request))

    def page(
        self, request: HttpRequest, template: str, title: str, **context: Any
    ) -> TemplateResponse:
        """A page of our own in the dashboard's frame. `original` is what it is about."""
        return TemplateResponse(
            request,
            template,
            {
                **self.admin_site.each_context(request),
                "title": title,
                "opts": self.opts,
                "inline_admin_formsets": [],
                **context,
            },
        )


class AuditedAdmin(WalledAdmin):
    """Notes what people change in the audit log, and nowhere else.

    Django asks for a log entry at every change, inside its transaction; this is that
    entry. It names the fields that changed, and the values of none but `noted_values`,
    before and after. Nothing is deleted here.
    """

    # Fields whose values say nothing about a person and hold no secret.
    noted_values: tuple[str, ...] = ()

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> list[dict[str, Any]]:
        changes: list[dict[str, Any]] = super().construct_change_message(
            request, form, formsets, add
        )
        values = {
            name: {"from": form.initial.get(name), "to": form.cleaned_data[name]}
            for name in self.noted_values
            if not add and name in form.changed_data
        }
        return [*changes, {"values": values}] if values else changes

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> None:
        self._note(request, obj, "created", message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> None:
        self._note(request, obj, "changed", message)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def _note(self, request: HttpRequest, obj: Model, done: str, message: Any) -> None:
        assert isinstance(request.user, User)
        kind = obj._meta.model_name or ""
        audit.record(
            workspace=obj if isinstance(obj, Workspace) else getattr(obj, "workspace", None),
            by=request.user,
            action=f"{kind}.{done}",
            object_type=kind,
            object_id=str(obj)[:255],
            details={"changes": message},
        )


class ReadOnlyAdmin(WalledAdmin):
    """A list and a page for each, to look at."""

    actions = None

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
