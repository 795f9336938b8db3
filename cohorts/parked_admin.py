"""What an operator can do on the page of a parked cohort."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant

from cohorts.applying import attempts
from cohorts.models import Cohort, CohortCursor
from workspaces.models import User


class ParkedActions:
    """Retry and skip, offered where a cohort is parked and its viewer may change cohorts."""

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        offered: list[Any] = super().get_actions_detail(request, object_id)  # type: ignore[misc]
        return offered if is_parked(object_id) else []

    def has_unpark_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("cohorts.change_cohort")

    @action(
        description=_("Retry"),
        icon="replay",
        variant=ActionVariant.PRIMARY,
        permissions=["unpark"],
        dialog={
            "title": _("Retry this cohort?"),
            "description": _(
                "Its next upload kept failing. Uploads are applied again from that one on;"
                " if it fails as before, the cohort is parked again."
            ),
            "form_class": None,
            "form_submit_text": _("Retry"),
        },
    )
    def retry(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        cohort = self._cohort(request, object_id)
        attempts.retry(cohort, by=_person(request))
        messages.success(request, _("The cohort is being applied again."))
        return _back_to(cohort)

    @action(
        description=_("Skip the failing upload"),
        icon="skip_next",
        variant=ActionVariant.DANGER,
        permissions=["unpark"],
        dialog={
            "title": _("Skip the failing upload?"),
            "description": _(
                "Its changes are lost: the partner has to send them again. Later uploads are"
                " applied. The log keeps it as skipped, and who did it."
            ),
            "form_class": None,
            "form_submit_text": _("Skip it"),
        },
    )
    def skip(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        cohort = self._cohort(request, object_id)
        try:
            sequence = attempts.skip(cohort, by=_person(request))
        except CohortCursor.DoesNotExist:
            messages.info(request, _("The cohort isn't parked any more: nothing was skipped."))
        else:
            messages.success(request, _("Upload %(number)d was skipped.") % {"number": sequence})
        return _back_to(cohort)

    def _cohort(self, request: HttpRequest, object_id: str) -> Cohort:
        cohort: Cohort | None = self.get_object(request, object_id)  # type: ignore[attr-defined]
        if cohort is None:
            raise Http404
        return cohort


def is_parked(object_id: Any) -> bool:
    if not str(object_id).isdigit():
        return False
    return CohortCursor.objects.filter(pk=object_id, parked_at__isnull=False).exists()


def _person(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def _back_to(cohort: Cohort) -> HttpResponse:
    """htmx follows the header; there is nothing to show in the dialog any more."""
    page = reverse("admin:cohorts_cohort_change", args=[cohort.pk])
    return HttpResponse(headers={"HX-Redirect": page})
