from cohorts.partner_api.views import CohortNameView, CohortUsersView
from common.urls import endpoint

PARTNER = "partners/(?P<partner>[-a-zA-Z0-9_]+)"

urlpatterns = [
    endpoint(f"{PARTNER}/cohorts", CohortNameView.as_view(), "cohort-name"),
    endpoint(f"{PARTNER}/cohorts/users", CohortUsersView.as_view(), "cohort-users"),
]
