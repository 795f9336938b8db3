from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CampaignsConfig(AppConfig):
    name = "campaigns"
    verbose_name = _("Messaging")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from campaigns import audited, where_used
        from campaigns import overview as our_overview
        from cohorts import usage as cohort_usage
        from segments import usage
        from workspaces import overview
        from workspaces.audit_log import names

        usage.register(where_used.of_segments)
        cohort_usage.register(where_used.of_cohorts)
        names.register("campaign", audited.campaigns)
        names.register("canvas", audited.canvases)
        overview.register(50, "campaigns.view_campaign", our_overview.read)
