from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WorkspacesConfig(AppConfig):
    name = "workspaces"
    verbose_name = _("Settings")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from workspaces import overview, overview_parts
        from workspaces import schema as _schema  # noqa: F401, PLC0415  # registers itself
        from workspaces.accounts import lockouts  # noqa: F401, PLC0415  # listens to sign-ins
        from workspaces.audit_log import names
        from workspaces.key_pages.names import namer
        from workspaces.models import RestApiKey

        names.register("workspace", names.workspaces)
        names.register("rest_api_key", namer(RestApiKey))
        overview.register(90, "workspaces.view_restapikey", overview_parts.rest_keys)
        overview.register(99, "workspaces.view_auditentry", overview_parts.activity)
