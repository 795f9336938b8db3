from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SegmentsConfig(AppConfig):
    name = "segments"
    verbose_name = _("Audience")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from cohorts import usage as cohort_users  # noqa: PLC0415  # models aren't loaded before
        from imports import kinds, results  # noqa: PLC0415  # likewise
        from profiles import belonging as belongings  # noqa: PLC0415  # likewise
        from segments import audited, belonging, cohort_usage, usage  # noqa: PLC0415  # likewise
        from segments import overview as our_overview  # noqa: PLC0415  # likewise
        from segments.exporting.kind import SEGMENT_EXPORT  # noqa: PLC0415  # likewise
        from workspaces import overview  # noqa: PLC0415  # likewise
        from workspaces.audit_log import names  # noqa: PLC0415  # likewise

        belongings.register("segments", belonging.read)
        usage.register(usage.segments_made_of)
        cohort_users.register(cohort_usage.uses)
        names.register("segment", audited.segments)
        overview.register(10, "profiles.view_profile", our_overview.users)
        overview.register(30, "segments.view_segment", our_overview.read)
        kinds.register(SEGMENT_EXPORT)
        results.register(SEGMENT_EXPORT.name, "segments.export_segment")
