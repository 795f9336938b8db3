from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PartnersConfig(AppConfig):
    name = "partners"
    verbose_name = _("Partner Integrations")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from partners import overview as ours
        from partners.audited import partners
        from partners.models import DataImportKey, PartnerApiKey
        from workspaces import overview
        from workspaces.audit_log import names
        from workspaces.key_pages.names import namer

        for object_type in ("partner", "integration"):
            names.register(object_type, partners)
        names.register("data_import_key", namer(DataImportKey))
        names.register("partner_api_key", namer(PartnerApiKey))
        overview.register(40, "partners.view_partner", ours.arrivals)
        overview.register(41, "partners.view_partner", ours.troubles)
        overview.register(42, "partners.view_dataimportkey", ours.keys)
