from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from imports.job_admin import STATES, JobPages
from imports.models import Job
from imports.progress import Progress
from workspaces.current import current_workspace
from workspaces.model_admin import ReadOnlyAdmin


@admin.register(Job)
class JobAdmin(JobPages, ReadOnlyAdmin):
    """The workspace's imports, those of commands included."""

    list_display = (
        *("title", "shown_state", "progress", "rows_done", "rows_rejected", "created_by", "began"),
    )
    list_display_links = ("title",)
    list_select_related = True
    list_filter = ("state",)
    list_per_page = 50
    empty_template = "imports/partials/none.html"
    search_fields = ("title", "created_by")
    search_help_text = _("File, or who sent it")
    add_words = _("Import users")
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        found: QuerySet[Job] = super().get_queryset(request)
        return found.filter(workspace=current_workspace(request))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("imports.add_job") and bool(current_workspace(request))

    @display(description=_("state"), ordering="state", label=dict(STATES))
    def shown_state(self, job: Job) -> tuple[str, Any]:
        return job.shown_state

    @display(description=_("progress"))
    def progress(self, job: Job) -> str:
        return f"{Progress(job).percent} %"

    @display(description=_("started"), ordering="pk")
    def began(self, job: Job) -> str:
        return render_to_string("partials/when.html", {"at": job.created_at})
