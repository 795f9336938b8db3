"""A test call: what a partner's connector sends to test its keys, sent to ourselves over HTTP.

It takes the same way as any call, through proxy, web server and the checks of both keys,
and changes nothing: a change without users is how connectors test a connection.
"""

import http.client
import json
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from common.keys import KeyKind, parse
from partners import reasons
from partners.keys import lent_partner_api_key
from partners.models import DataImportKey, Partner
from workspaces import audit
from workspaces.models import Workspace

TIMEOUT_SECONDS = 10
LONGEST_ANSWER = 4096
COHORT = "quayside-test-call"


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back over HTTP. `status` 0 means that nothing did; `body` is then why."""

    status: int
    body: str
    milliseconds: int
    request_id: str = ""

    @property
    def message(self) -> str:
        try:
            answer = json.loads(self.body)
        except ValueError:
            return ""
        return str(answer.get("message", "")) if isinstance(answer, dict) else ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply, and the key that it was for: None where it is none of this page."""

    reply: Reply
    key: DataImportKey | None

    @property
    def is_success(self) -> bool:
        return self.reply.status == 201

    @property
    def words(self) -> str:
        """What it means, and what to do about it."""
        if self.is_success:
            return _("The key works: this is the answer that the partner gets.")
        if self.reply.status == 0:
            return _("Nothing answered at the endpoint, as seen from this server.")
        reason = reasons.reason(self._code())
        return f"{reason.what} {reason.advice}"

    def _code(self) -> str:
        """As precise as it may be: of other workspaces' keys the page tells nothing."""
        code = reasons.code_of(self.reply.status, self.reply.message)
        if code == "secret" and self.key is not None:
            return f"{code}_{'garbled' if self.key.state == 'live' else self.key.state}"
        return code


def send(
    endpoint: str,
    partner: Partner,
    workspace: Workspace,
    *,
    client_secret: str,
    partner_api_key: str = "",
    by: audit.Actor,
) -> Answer:
    """Make the call with those keys, and note that it was made.

    Without a partner API key it is made with one that exists for its duration: the call then
    says nothing about the partner's own.
    """
    if partner_api_key:
        reply = _post(endpoint, partner, partner_api_key, client_secret)
    else:
        with lent_partner_api_key(partner) as lent:
            reply = _post(endpoint, partner, lent, client_secret)
    key = _key_of(partner, workspace, client_secret)
    audit.record(
        workspace=workspace,
        by=by,
        action="integration.tested",
        object_type="integration",
        object_id=partner.slug,
        details={"key": key.prefix if key else "", "status": reply.status},
    )
    return Answer(reply, key)


def _key_of(partner: Partner, workspace: Workspace, text: str) -> DataImportKey | None:
    parsed = parse(text, KeyKind.DATA_IMPORT)
    if parsed is None:
        return None
    found = DataImportKey.objects.filter(partner=partner, workspace=workspace)
    return found.filter(public_id=parsed.public_id).first()


def _post(endpoint: str, partner: Partner, partner_api_key: str, client_secret: str) -> Reply:
    body = {
        "partner_api_key": partner_api_key,
        "client_secret": client_secret,
        "cohort_id": COHORT,
        "cohort_changes": [],
    }
    path = f"{urlsplit(endpoint).path.rstrip('/')}/partners/{partner.slug}/cohorts/users"
    started = time.monotonic()
    connection = _connect(endpoint)
    try:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        text = response.read(LONGEST_ANSWER).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return Reply(0, type(error).__name__, _milliseconds(started))
    finally:
        connection.close()
    request_id = response.headers.get("X-Request-Id", "")
    # A proxy's error page may repeat what was sent.
    for secret in (partner_api_key, client_secret):
        text = text.replace(secret, "…")
    return Reply(response.status, text, _milliseconds(started), request_id)


def _connect(endpoint: str) -> http.client.HTTPConnection:
    address = urlsplit(endpoint)
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    return kind(address.hostname or "", address.port, timeout=TIMEOUT_SECONDS)


def _milliseconds(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
