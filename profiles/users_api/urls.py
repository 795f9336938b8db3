from common.urls import endpoint
from profiles.users_api.export_views import ExportIdsView
from profiles.users_api.identity_views import (
    AliasNewView,
    AliasUpdateView,
    DeleteView,
    IdentifyView,
    MergeView,
)
from profiles.users_api.views import TrackView

urlpatterns = [
    endpoint("users/track", TrackView.as_view(), "users-track"),
    endpoint("users/alias/new", AliasNewView.as_view(), "users-alias-new"),
    endpoint("users/alias/update", AliasUpdateView.as_view(), "users-alias-update"),
    endpoint("users/identify", IdentifyView.as_view(), "users-identify"),
    endpoint("users/merge", MergeView.as_view(), "users-merge"),
    endpoint("users/delete", DeleteView.as_view(), "users-delete"),
    endpoint("users/export/ids", ExportIdsView.as_view(), "users-export-ids"),
]
