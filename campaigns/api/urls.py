from campaigns.api.views import (
    CampaignDetailsView,
    CampaignExportView,
    CampaignListView,
    CanvasDetailsView,
    CanvasExportView,
    CanvasListView,
)
from common.urls import endpoint

urlpatterns = [
    endpoint("campaigns/list", CampaignListView.as_view(), "campaign-list"),
    endpoint("campaigns/details", CampaignDetailsView.as_view(), "campaign-details"),
    endpoint("campaigns/export", CampaignExportView.as_view(), "campaign-export"),
    endpoint("canvas/list", CanvasListView.as_view(), "canvas-list"),
    endpoint("canvas/details", CanvasDetailsView.as_view(), "canvas-details"),
    endpoint("canvas/export", CanvasExportView.as_view(), "canvas-export"),
]
