from common.urls import endpoint
from segments.api import (
    SegmentCreateView,
    SegmentDetailsView,
    SegmentListView,
    SegmentReachView,
)

urlpatterns = [
    endpoint("segments/reach", SegmentReachView.as_view(), "segment-reach"),
    endpoint("segments/create", SegmentCreateView.as_view(), "segment-create"),
    endpoint("segments/list", SegmentListView.as_view(), "segment-list"),
    endpoint("segments/details", SegmentDetailsView.as_view(), "segment-details"),
]
