from cohorts.read_api.views import CohortDetailsView, CohortListView
from common.urls import endpoint

urlpatterns = [
    endpoint("cohorts/list", CohortListView.as_view(), "cohort-list"),
    endpoint("cohorts/details", CohortDetailsView.as_view(), "cohort-details"),
]
