from django.urls import path

from campaigns.views import ClickedView, OpenedView, UnsubscribeView

# Short, because they stand in every message.
urlpatterns = [
    path("m/o/<str:token>.gif", OpenedView.as_view(), name="campaigns-opened"),
    path("m/c/<str:token>", ClickedView.as_view(), name="campaigns-clicked"),
    path("m/u/<str:token>", UnsubscribeView.as_view(), name="campaigns-unsubscribe"),
]
