from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SegmentsConfig(AppConfig):
    name = "segments"
    verbose_name = _("Audience")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from cohorts import usage as cohort_users
        from imports import kinds, results
        from profiles import belonging as belongings
        from segments import audited, belonging, cohort_usage, usage
        from segments import overview as our_overview
        from segments.exporting.kind import SEGMENT_EXPORT
        from workspaces import overview
        from workspaces.audit_log import names

        belongings.register("segments", belonging.read)
        usage.register(usage.segments_made_of)
        cohort_users.register(cohort_usage.uses)
        names.register("segment", audited.segments)
        overview.register(10, "profiles.view_profile", our_overview.users)
        overview.register(30, "segments.view_segment", our_overview.read)
        kinds.register(SEGMENT_EXPORT)
        results.register(SEGMENT_EXPORT.name, "segments.export_segment")
