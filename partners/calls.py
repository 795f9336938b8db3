"""What is known of a partner's call by the time it is answered.

The view leaves it on the request; the middleware around it reads it for the headers, the
metrics, the hourly figures and the request log.
"""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from partners.authentication import Caller


@dataclass(slots=True)
class Call:
    """`partner` is the slug of one that exists. `done` says what an accepted call came to.

    That is a code of `partners.reasons`, or empty for an upload: its own row in the ledger
    of uploads is its line in the log.
    """

    partner: str = ""
    caller: Caller | None = None
    cohort: str = ""
    ids: int | None = None
    done: str = ""


def begin(request: HttpRequest) -> Call:
    call = Call()
    request.partner_call = call  # type: ignore[attr-defined]
    return call


def of(request: Any) -> Call:
    """The call behind a Django request."""
    call: Call = request.partner_call
    return call
