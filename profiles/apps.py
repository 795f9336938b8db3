from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProfilesConfig(AppConfig):
    name = "profiles"
    verbose_name = _("Audience")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from imports import kinds  # noqa: PLC0415  # models are there only now
        from profiles import audited  # noqa: PLC0415  # likewise
        from profiles.importing.users import USER_FILE  # noqa: PLC0415  # likewise
        from workspaces.audit_log import names  # noqa: PLC0415  # likewise

        kinds.register(USER_FILE)
        names.register("user", audited.users)
        names.register("waiting_id", audited.waiting_ids)
