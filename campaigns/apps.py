from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CampaignsConfig(AppConfig):
    name = "campaigns"
    verbose_name = _("Messaging")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from campaigns import audited, where_used  # noqa: PLC0415  # models aren't loaded before
        from campaigns import overview as our_overview  # noqa: PLC0415  # likewise
        from cohorts import usage as cohort_usage  # noqa: PLC0415  # likewise
        from segments import usage  # noqa: PLC0415  # likewise
        from workspaces import overview  # noqa: PLC0415  # likewise
        from workspaces.audit_log import names  # noqa: PLC0415  # likewise

        usage.register(where_used.of_segments)
        cohort_usage.register(where_used.of_cohorts)
        names.register("campaign", audited.campaigns)
        names.register("canvas", audited.canvases)
        overview.register(50, "campaigns.view_campaign", our_overview.read)
