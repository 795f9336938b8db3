from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CohortsConfig(AppConfig):
    name = "cohorts"
    verbose_name = _("Audience")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from cohorts import audited, belonging, members
        from cohorts import deliveries as ours
        from cohorts import overview as our_overview
        from cohorts.importing import panel, staging
        from cohorts.importing.files import COHORT_FILE
        from imports import kinds
        from partners import deliveries
        from profiles import belonging as belongings
        from profiles import memberships
        from workspaces import overview
        from workspaces.audit_log import names

        memberships.register(members)
        memberships.register(staging)
        kinds.register(COHORT_FILE, panel=panel.of)
        deliveries.register(ours)
        belongings.register("cohorts", belonging.read)
        names.register("cohort", audited.cohorts)
        overview.register(20, "cohorts.view_cohort", our_overview.read)
