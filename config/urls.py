"""Every path, the API's first: it answers in JSON, the dashboard in HTML."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.utils.translation import gettext_lazy as _
from django.views.generic import RedirectView

from common.urls import endpoint
from config.docs import DocsView, SchemaView
from config.health import healthz, readyz
from config.metrics import metrics
from workspaces.switching import switch_workspace
from workspaces.unknown_paths import UnknownPathView

admin.site.index_title = _("Overview")

urlpatterns = [
    path("", include("profiles.users_api.urls")),
    path("", include("cohorts.partner_api.urls")),
    path("", include("cohorts.read_api.urls")),
    path("", include("segments.api.urls")),
    path("", include("campaigns.urls")),
    path("", include("campaigns.api.urls")),
    re_path("^(users|cohorts|segments|campaigns|canvas)(/|$)", UnknownPathView.as_view()),
    endpoint("healthz", healthz, "healthz"),
    endpoint("readyz", readyz, "readyz"),
    endpoint("metrics", metrics, "metrics"),
    endpoint("api/schema", SchemaView.as_view(), "schema"),
    endpoint("api/docs", DocsView.as_view(url_name="schema"), "docs"),
    path("i18n/", include("django.conf.urls.i18n")),
    path(
        "admin/workspace/<slug:slug>/",
        admin.site.admin_view(switch_workspace),
        name="switch-workspace",
    ),
    path("admin/", include("workspaces.accounts.urls")),
    path("join/", include("workspaces.team.urls")),
    path("admin/", admin.site.urls),
    path("", RedirectView.as_view(pattern_name="admin:index")),
]
handler400 = "common.http.handler400"
handler404 = "common.http.handler404"
handler500 = "common.http.handler500"
