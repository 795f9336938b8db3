"""The team of a workspace: who is in it as what, who is invited, and the ways in and out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from common.keys import KeyKind, parse
from workspaces import showing
from workspaces.accounts import lockouts
from workspaces.accounts.rescue import RescuePage
from workspaces.current import current_workspace, signed_in
from workspaces.model_admin import ReadOnlyAdmin
from workspaces.models import Invitation, Membership, SecondFactor
from workspaces.team import invitations, mail, members
from workspaces.team.forms import InvitationForm, RoleForm

TEAM = "admin:workspaces_membership_changelist"


@dataclass(frozen=True, slots=True)
class Member:
    """One line of the team, and how they sign in."""

    place: Membership
    has_factor: bool
    locked_until: datetime | None


class TeamPages(ReadOnlyAdmin):
    """Puts our pages in the place of Django's list and forms.

    To add is to invite, to delete is to take out of the team.
    """

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("workspaces.add_membership")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("workspaces.change_membership")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("workspaces.delete_membership")

    def get_urls(self) -> list[URLPattern]:
        pages: dict[str, tuple[str, Any]] = {
            "signin": ("<int:object_id>/sign-in/", self.signin_view),
            "invited": ("invitation/<int:invitation_id>/", self.invited_view),
            "revoke": ("invitation/<int:invitation_id>/revoke/", self.revoke_view),
        }
        ours = [
            path(where, self.admin_site.admin_view(view), name=f"workspaces_membership_{name}")
            for name, (where, view) in pages.items()
        ]
        return [*ours, *super().get_urls()]

    # --- The team -------------------------------------------------------------------------

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        team = self.get_queryset(request).select_related("user").order_by("user__username")
        return self._page(
            request,
            "team/list.html",
            _("Team"),
            members=_members(team),
            invitations=self._pending(request),
            may_invite=self.has_add_permission(request) and current_workspace(request),
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_change_permission(request):
            raise PermissionDenied
        place = self._found(request, object_id)
        form = RoleForm(request.POST or None, initial={"role": place.role})
        if form.is_bound and form.is_valid():
            try:
                members.change_role(place, form.cleaned_data["role"], by=signed_in(request))
            except members.LastAdministrator:
                form.add_error("role", _last_administrator())
            else:
                messages.success(request, _("It takes effect with their next click."))
                return redirect(TEAM)
        member = _members([place])[0]
        return self._page(
            request, "team/member.html", place.user.known_as, form=form, member=member
        )

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_delete_permission(request):
            raise PermissionDenied
        place = self._found(request, object_id)
        if request.method == "POST":
            try:
                members.remove(place, by=signed_in(request))
            except members.LastAdministrator:
                messages.error(request, _last_administrator())
            else:
                messages.success(
                    request, _("%(who)s is out of the team.") % {"who": place.user.known_as}
                )
            return redirect("admin:index" if place.user_id == request.user.pk else TEAM)
        title = _("Remove %(who)s from the team?") % {"who": place.user.known_as}
        return self._page(request, "team/remove.html", title, place=place)

    def signin_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        if not self.has_change_permission(request):
            raise PermissionDenied
        place = self._found(request, object_id)
        back = reverse("admin:workspaces_membership_change", args=[place.pk])
        return RescuePage(request, self.admin_site, self.opts, place.user, back).answer()

    # --- Invitations ----------------------------------------------------------------------

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        workspace = current_workspace(request)
        if not self.has_add_permission(request) or workspace is None:
            raise PermissionDenied
        form = InvitationForm(request.POST or None)
        if form.is_bound and form.is_valid():
            try:
                invited = invitations.invite(workspace, **form.cleaned_data, by=signed_in(request))
            except invitations.AlreadyInTeam:
                form.add_error("email", _("Somebody with that address is in the team already."))
            else:
                return self._hand_over(request, invited)
        return self._page(
            request,
            "team/invite.html",
            _("Invite to %(workspace)s") % {"workspace": workspace.name},
            form=form,
            is_mailed=mail.is_configured(),
        )

    def invited_view(self, request: HttpRequest, invitation_id: int) -> HttpResponse:
        """The link, once."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        invitation = self._invitation(request, invitation_id)
        text = showing.take(request, _showing_as(invitation)) or ""
        key = parse(text, KeyKind.INVITATION)
        is_shown = key is not None and key.public_id == invitation.public_id
        shown = self._page(
            request,
            "team/invited.html",
            _("Invitation of %(email)s") % {"email": invitation.email},
            invitation=invitation,
            link=_link(request, text) if is_shown else "",
        )
        return showing.close(shown, request, _showing_as(invitation))

    def revoke_view(self, request: HttpRequest, invitation_id: int) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        invitation = self._invitation(request, invitation_id)
        if request.method == "POST":
            invitations.revoke(invitation, by=signed_in(request))
            messages.success(request, _("The link of that invitation opens nothing any more."))
            return redirect(TEAM)
        title = _("Revoke the invitation of %(email)s?") % {"email": invitation.email}
        return self._page(request, "team/revoke.html", title, invitation=invitation)

    def _hand_over(self, request: HttpRequest, invited: invitations.Invited) -> HttpResponse:
        if mail.is_configured():
            if mail.send_invitation(invited.invitation, _link(request, invited.text)):
                messages.success(request, _("The invitation was mailed, too."))
            else:
                messages.warning(
                    request, _("The mail server didn't take the invitation: hand over the link.")
                )
        where = reverse("admin:workspaces_membership_invited", args=[invited.invitation.pk])
        return showing.redirect_to(where, request, _showing_as(invited.invitation), invited.text)

    def _pending(self, request: HttpRequest) -> Iterable[Invitation]:
        return Invitation.objects.filter(
            workspace=current_workspace(request), accepted_at=None, revoked_at=None
        )

    # --- What they have in common -----------------------------------------------------------

    def _found(self, request: HttpRequest, object_id: int | str) -> Any:
        if not str(object_id).isdecimal():
            raise Http404
        team = self.get_queryset(request).select_related("user", "workspace")
        return get_object_or_404(team, pk=object_id)

    def _invitation(self, request: HttpRequest, invitation_id: int) -> Invitation:
        here = Invitation.objects.filter(workspace=current_workspace(request))
        return get_object_or_404(here.select_related("workspace"), pk=invitation_id)

    def _page(
        self, request: HttpRequest, template: str, title: str, **context: Any
    ) -> TemplateResponse:
        return TemplateResponse(
            request,
            template,
            {
                **self.admin_site.each_context(request),
                "title": title,
                "opts": self.opts,
                "back": reverse(TEAM),
                **context,
            },
        )


def _members(team: Iterable[Membership]) -> list[Member]:
    team = list(team)
    people = [place.user for place in team]
    locked = lockouts.locked_until(people)
    secured = set(
        SecondFactor.objects.filter(user__in=people, confirmed=True).values_list(
            "user_id", flat=True
        )
    )
    return [
        Member(place, place.user_id in secured, locked.get(place.user.username)) for place in team
    ]


def _last_administrator() -> str:
    return _(
        "They are the last administrator: make somebody else one first, or nobody could look "
        "after the team."
    )


def _showing_as(invitation: Invitation) -> str:
    return f"invitation_{invitation.public_id}"


def _link(request: HttpRequest, text: str) -> str:
    return request.build_absolute_uri(reverse("follow-invitation", args=[text]))
