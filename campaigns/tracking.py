"""Links that know whose message they stand in, signed so that nobody can make one up."""

import re
from dataclasses import dataclass
from html import escape, unescape
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db import connection
from django.urls import reverse

from campaigns.models import Deed

_SALT = "campaigns.tracking"
_LINK = re.compile(r"""(<a\b[^>]*?\bhref\s*=\s*)(["'])(https?://[^"']+)\2""", re.IGNORECASE)

_NOTE = """
INSERT INTO campaigns_engagement AS engagement (sending_id, profile_id, deed, link, count,
                                                first_at, last_at)
SELECT id, %s, %s, %s, 1, now(), now() FROM campaigns_sending WHERE id = %s
ON CONFLICT (sending_id, profile_id, deed, link)
DO UPDATE SET count = engagement.count + 1, last_at = now()
"""


# Stands for the token in messages that are tests: their way out unsubscribes nobody.
SAMPLE = "sample"


class BadToken(ValueError):
    """It isn't one of ours, or was cut short."""


@dataclass(frozen=True, slots=True)
class Place:
    """Whose message a link stands in."""

    sending_id: UUID
    profile_id: int

    def token(self, *more: Any) -> str:
        return signing.dumps([self.sending_id.hex, self.profile_id, *more], salt=_SALT)

    def unsubscribe_url(self, external_id: str) -> str:
        return absolute(reverse("campaigns-unsubscribe", args=[self.token(external_id)]))

    def pixel_url(self) -> str:
        return absolute(reverse("campaigns-opened", args=[self.token()]))

    def click_url(self, number: int, url: str) -> str:
        return absolute(reverse("campaigns-clicked", args=[self.token(number, url)]))


def sample_unsubscribe_url() -> str:
    return absolute(reverse("campaigns-unsubscribe", args=[SAMPLE]))


def absolute(path: str) -> str:
    """Where people outside reach a path of ours."""
    return settings.QUAYSIDE_URL.rstrip("/") + path


def read(token: str) -> tuple[Place, list[Any]]:
    """Whose message it is, and what else was put in. Raises `BadToken`."""
    try:
        sending, profile_id, *more = signing.loads(token, salt=_SALT)
        return Place(UUID(sending), int(profile_id)), more
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise BadToken from error


def with_clicks(html: str, place: Place) -> str:
    """The links of a message lead through us. `link` counts them from 1, as they stand."""
    number = 0

    def through_us(found: re.Match[str]) -> str:
        nonlocal number
        number += 1
        before, quote, url = found.groups()
        target = unescape(url)
        if target.startswith(absolute("/")):
            return found[0]  # the unsubscribe link is nobody's interest in anything
        return f"{before}{quote}{escape(place.click_url(number, target))}{quote}"

    return _LINK.sub(through_us, html)


def with_pixel(html: str, place: Place) -> str:
    pixel = f'<img src="{escape(place.pixel_url())}" width="1" height="1" alt="">'
    head, end, tail = html.rpartition("</body>")
    return f"{head}{pixel}{end}{tail}" if end else html + pixel


def note(place: Place, deed: Deed, link: int = 0) -> bool:
    """Count what somebody did with their message; False when the sending is no more."""
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, [place.profile_id, deed, link, place.sending_id])
        return bool(cursor.rowcount)
