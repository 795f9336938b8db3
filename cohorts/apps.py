from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CohortsConfig(AppConfig):
    name = "cohorts"
    verbose_name = _("Audience")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from cohorts import audited, belonging, members  # noqa: PLC0415  # models are there only now
        from cohorts import deliveries as ours  # noqa: PLC0415  # likewise
        from cohorts import overview as our_overview  # noqa: PLC0415  # likewise
        from cohorts.importing import panel, staging  # noqa: PLC0415  # likewise
        from cohorts.importing.files import COHORT_FILE  # noqa: PLC0415  # likewise
        from imports import kinds  # noqa: PLC0415  # likewise
        from partners import deliveries  # noqa: PLC0415  # likewise
        from profiles import belonging as belongings  # noqa: PLC0415  # likewise
        from profiles import memberships  # noqa: PLC0415  # likewise
        from workspaces import overview  # noqa: PLC0415  # likewise
        from workspaces.audit_log import names  # noqa: PLC0415  # likewise

        memberships.register(members)
        memberships.register(staging)
        kinds.register(COHORT_FILE, panel=panel.of)
        deliveries.register(ours)
        belongings.register("cohorts", belonging.read)
        names.register("cohort", audited.cohorts)
        overview.register(20, "cohorts.view_cohort", our_overview.read)
