"""Below /admin/: the second step of signing in, and one's own account."""

from django.contrib import admin
from django.urls import path

from workspaces.accounts import pages, sign_in

wrap = admin.site.admin_view

urlpatterns = [
    path("login/code/", sign_in.code_view, name="sign-in-code"),
    path("account/", wrap(pages.account_view), name="account"),
    path("account/details/", wrap(pages.details_view), name="account-details"),
    path(
        "account/second-factor/begin/",
        wrap(pages.begin_view),
        name="account-second-factor-begin",
    ),
    path("account/second-factor/", wrap(pages.turn_on_view), name="account-second-factor"),
    path(
        "account/second-factor/off/",
        wrap(pages.turn_off_view),
        name="account-second-factor-off",
    ),
    path("account/recovery-codes/", wrap(pages.recovery_view), name="account-recovery-codes"),
    path(
        "account/recovery-codes/new/",
        wrap(pages.renew_view),
        name="account-recovery-codes-new",
    ),
    path("account/sessions/end/", wrap(pages.end_others_view), name="account-sessions-end"),
]
