from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProfilesConfig(AppConfig):
    name = "profiles"
    verbose_name = _("Audience")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from imports import kinds
        from profiles import audited
        from profiles.importing.users import USER_FILE
        from workspaces.audit_log import names

        kinds.register(USER_FILE)
        names.register("user", audited.users)
        names.register("waiting_id", audited.waiting_ids)
