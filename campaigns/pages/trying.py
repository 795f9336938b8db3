"""Looking at a message before anybody gets it: as a user would see it, and as a mail to oneself."""

import smtplib
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from campaigns import audience, recipients, services
from campaigns.channels import CARRIERS, preview
from campaigns.channels.base import InvalidMessage
from campaigns.channels.preview import Preview
from campaigns.models import Campaign, Step
from campaigns.pages.forms import MessageForm
from campaigns.recipients import Recipient
from profiles import search
from segments import members
from segments.reading import InvalidTree
from workspaces.current import signed_in


def tried(request: HttpRequest, step: Step, form: MessageForm) -> dict[str, Any]:
    """What the page shows beside the form, whose message isn't saved by that."""
    text = request.POST.get("preview_for", "").strip()
    found: dict[str, Any] = {"preview_for": text}
    if not form.is_valid():
        return found
    try:
        message = CARRIERS[step.channel].check(form.message())
    except InvalidMessage as error:
        for field, problem in error.problems.items():
            form.add_error(field if field in form.fields else None, problem)
        return found
    user = _user(step.campaign, text)
    if user is None:
        messages.warning(
            request,
            _("Nobody has that id, address or number.")
            if text
            else _("There is nobody in the audience: name a user."),
        )
        return found
    shown = preview.of(step, message, user)
    found["preview"] = shown
    if "_test" in request.POST and not shown.problem:
        if not signed_in(request).email:
            return {**found, "needs_address": True}
        _send(request, step, shown)
    return found


def _user(campaign: Campaign, text: str) -> Recipient | None:
    """Whoever is meant by the text; without one, the first of the audience."""
    workspace_id = campaign.workspace_id
    if text:
        keys = [profile.pk for profile in search.find(workspace_id, text).profiles[:1]]
    else:
        try:
            tree = audience.read(campaign.audience).tree()
            keys = members.after(workspace_id, tree, 0, size=1).profile_ids
        except InvalidTree:
            keys = []
    return next(iter(recipients.read(workspace_id, keys).values()), None)


def _send(request: HttpRequest, step: Step, shown: Preview) -> None:
    person = signed_in(request)
    try:
        preview.send(shown, to=person.email)
    except (smtplib.SMTPException, OSError) as error:
        messages.error(
            request, _("The mail server didn't take it: %(reason)s.") % {"reason": error}
        )
        return
    services.note_test(step.campaign, by=person)
    messages.success(request, _("A test went to %(address)s.") % {"address": person.email})
