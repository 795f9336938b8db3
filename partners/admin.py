from django.contrib import admin

from partners.models import DataImportKey, LoggedCall, Partner, PartnerApiKey
from partners.pages.connection import ConnectionPages
from partners.pages.installation_log import InstallationLogPages
from partners.pages.keys import DataImportKeyPages, PartnerApiKeyPages
from partners.pages.listing import GalleryPage
from partners.pages.log import RequestLogPage
from partners.pages.naming import NamingPages
from partners.pages.partner import OverviewPage
from partners.pages.trial import TrialPage


@admin.register(Partner)
class PartnerAdmin(
    GalleryPage, OverviewPage, RequestLogPage, NamingPages, ConnectionPages, TrialPage
):
    """The gallery, and a page for each partner (see `partners.pages`)."""

    list_select_related = True


@admin.register(DataImportKey)
class DataImportKeyAdmin(DataImportKeyPages):
    """The workspace's keys, of all its partners."""


@admin.register(PartnerApiKey)
class PartnerApiKeyAdmin(PartnerApiKeyPages):
    """The installation's keys, for whoever runs it."""


@admin.register(LoggedCall)
class LoggedCallAdmin(InstallationLogPages):
    """Calls that named no workspace; a workspace's own are on its partners' pages."""
