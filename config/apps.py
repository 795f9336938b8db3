from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig

from config import celery  # noqa: F401  # tasks of every process go to this application


class DashboardConfig(AdminConfig):
    default_site = "workspaces.site.DashboardSite"


class QuaysideConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        from config import checks  # noqa: F401, PLC0415  # registers itself
