"""Below /join/: open to whoever has the link of an invitation."""

from django.urls import path

from workspaces.team import joining

urlpatterns = [
    path("", joining.join_view, name="join"),
    path("<str:text>/", joining.follow_view, name="follow-invitation"),
]
