from django.contrib import admin

from campaigns.models import Campaign, Canvas
from campaigns.pages.listing import ListPage
from campaigns.pages.running import RunningPages


class Pages(RunningPages, ListPage):
    """The list, the stepped form of drafts and the page of what was launched."""


@admin.register(Campaign)
class CampaignAdmin(Pages):
    """One message to an audience."""

    list_select_related = ("launch",)


@admin.register(Canvas)
class CanvasAdmin(Pages):
    """Several messages, one after another."""

    list_select_related = ("launch",)
