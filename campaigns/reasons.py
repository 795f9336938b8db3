"""Why somebody wasn't sent a message: a code for each reason, its words, and its remedy."""

from collections.abc import Mapping

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Reason(TextChoices):
    """In the order in which people would ask."""

    GONE = "gone", _("Deleted, or merged into another user, since the launch")
    NO_ADDRESS = "no_address", _("Has no email address")
    UNSUBSCRIBED = "unsubscribed", _("Has unsubscribed")
    BAD_ADDRESS = "bad_address", _("The email address can't be written to")
    TEMPLATE = "template", _("The message couldn't be made for this user")
    RECIPIENT_REFUSED = "recipient_refused", _("The mail server refuses this address")
    MESSAGE_REFUSED = "message_refused", _("The mail server refuses this message")
    CUT_OFF = "cut_off", _("The worker died while the message was on its way")
    CONNECTION_LOST = "connection_lost", _("The connection broke while the message was on its way")
    ANSWER = "answer", _("The receiver answered with an error")
    REDIRECT = "redirect", _("The receiver answered with another address")
    NO_ANSWER = "no_answer", _("The receiver didn't answer")
    PRIVATE_ADDRESS = "private_address", _("The address is inside the private network")


# Reasons that a batch has as one: nobody in it was served.
OF_A_BATCH = frozenset({Reason.ANSWER, Reason.REDIRECT, Reason.NO_ANSWER, Reason.PRIVATE_ADDRESS})

# What somebody who runs the campaign can do about it.
REMEDIES: Mapping[Reason, object] = {
    Reason.BAD_ADDRESS: _("Correct the address, then send what failed again."),
    Reason.TEMPLATE: _(
        "Give the values that may be missing a default, as in "
        "{{ user.first_name | default: 'friend' }}."
    ),
    Reason.RECIPIENT_REFUSED: _("The address is probably wrong: correct it in your back end."),
    Reason.MESSAGE_REFUSED: _("Read what the server said; it may be the size or the content."),
    Reason.CUT_OFF: _("It may have arrived. Send it again only if a second copy does no harm."),
    Reason.CONNECTION_LOST: _(
        "It may have arrived. Send it again only if a second copy does no harm."
    ),
    Reason.ANSWER: _("Mend the receiver, then send what failed again."),
    Reason.REDIRECT: _("Put the final address into the message: redirects aren't followed."),
    Reason.NO_ANSWER: _(
        "See that the receiver is up and answers within ten seconds, then send what failed "
        "again. The batches keep their ids, so a receiver that goes by them takes none twice."
    ),
    Reason.PRIVATE_ADDRESS: _(
        "Ask whoever runs Quayside to add the host to WEBHOOK_PRIVATE_HOSTS, if it is meant."
    ),
}
