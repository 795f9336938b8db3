"""The mail with which an invitation travels, where the installation can send any."""

import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from workspaces.models import Invitation

logger = logging.getLogger(__name__)


def is_configured() -> bool:
    return bool(settings.EMAIL_URL)


def send_invitation(invitation: Invitation, link: str) -> bool:
    """Whether a server took it. Without that, the link is for the inviter to hand over."""
    if not is_configured():
        return False
    context = {"invitation": invitation, "link": link}
    subject = _("Join %(workspace)s on Quayside") % {
        "workspace": " ".join(invitation.workspace.name.split())
    }
    body = render_to_string("team/invitation.txt", context)
    try:
        return bool(send_mail(subject, body, None, [invitation.email]))
    except (SMTPException, OSError) as error:
        logger.warning("invitation not sent error=%s", type(error).__name__)
        return False
