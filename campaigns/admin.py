from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, Canvas
from campaigns.pages.listing import ListPage
from campaigns.pages.running import RunningPages


class Pages(RunningPages, ListPage):
    """The list, the stepped form of drafts and the page of what was launched."""


@admin.register(Campaign)
class CampaignAdmin(Pages):
    """One message to an audience."""

    add_words = _("New campaign")
    list_select_related = ("launch",)


@admin.register(Canvas)
class CanvasAdmin(Pages):
    """Several messages, one after another."""

    add_words = _("New Canvas")
    list_select_related = ("launch",)
