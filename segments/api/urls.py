from common.urls import endpoint
from segments.api.views import (
    SegmentCreateView,
    SegmentDataSeriesView,
    SegmentDetailsView,
    SegmentListView,
    SegmentReachView,
)
from segments.exporting.api import (
    PATH,
    SegmentExportCancelView,
    SegmentExportDownloadView,
    SegmentExportStatusView,
    SegmentExportView,
)

EXPORT = PATH.lstrip("/")

urlpatterns = [
    endpoint("segments/reach", SegmentReachView.as_view(), "segment-reach"),
    endpoint("segments/create", SegmentCreateView.as_view(), "segment-create"),
    endpoint("segments/list", SegmentListView.as_view(), "segment-list"),
    endpoint("segments/details", SegmentDetailsView.as_view(), "segment-details"),
    endpoint("segments/data_series", SegmentDataSeriesView.as_view(), "segment-data-series"),
    endpoint(EXPORT, SegmentExportView.as_view(), "segment-export"),
    endpoint(f"{EXPORT}/status", SegmentExportStatusView.as_view(), "segment-export-status"),
    endpoint(f"{EXPORT}/download", SegmentExportDownloadView.as_view(), "segment-export-download"),
    endpoint(f"{EXPORT}/cancel", SegmentExportCancelView.as_view(), "segment-export-cancel"),
]
