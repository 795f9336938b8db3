"""Webhooks: batches of recipients in one signed POST each, again and again until it is taken.

The form of the signature is that of the Standard Webhooks specification, so that receivers
verify it with the libraries that there are. `webhook-id` is the batch's and stays the same
for every try, and when somebody has the batch sent again: a receiver that goes by it has every
recipient exactly once.
"""

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns import outgoing, progress, recipients
from campaigns.channels.base import Carrier, InvalidMessage
from campaigns.models import Batch, Fate, Outcome, Sending
from campaigns.outgoing import Answer, InvalidAddress, NoAnswer, PrivateAddress
from campaigns.progress import Told
from campaigns.reasons import Reason
from campaigns.templating import InvalidTemplate, Template
from common.snapshots import snapshot
from profiles import exporting

MOST_ATTEMPTS = 8
FIRST_PAUSE_SECONDS = 5
LONGEST_PAUSE_SECONDS = 600
MOST_HEADERS = 20
MOST_PROPERTIES = 50

# Which fields a receiver gets of every recipient, besides its properties.
FIELDS = ("braze_id", "external_id", "user_aliases", "devices")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_OURS = {"content-type", "content-length", "host", "user-agent", "transfer-encoding"}
# An answer that may be another the next time.
_PASSING = {408, 425, 429}


class WebhookCarrier(Carrier):
    """`message`: url, headers, and properties, each a template, of every recipient."""

    batch_size = 1_000

    def __init__(self, sending: Sending) -> None:
        super().__init__(sending)
        try:
            self._properties = {
                name: Template(text) for name, text in self.message["properties"].items()
            }
        except InvalidTemplate as error:
            raise InvalidMessage({"properties": str(error)}) from error
        self._campaign = sending.launch.campaign
        self._pool = outgoing.pool()

    def close(self) -> None:
        self._pool.close()

    def serve(self, batch: Batch, *, until: float) -> None:
        """One try. Nobody joins the batch after the first; who is left out of one stays out."""
        progress.announce(batch, 0, len(batch.profile_ids))
        profile_ids, body = self._body(batch)
        if not profile_ids:
            progress.settle(batch, len(batch.profile_ids), finished=True)
            return
        batch.attempts += 1
        batch.save(update_fields=["attempts"])
        try:
            headers = self._headers(batch, body)
            answer = outgoing.post(self.message["url"], body, headers, self._pool)
        except InvalidAddress as error:
            reason = Reason.NO_ANSWER
            if isinstance(error, PrivateAddress):
                reason = Reason.PRIVATE_ADDRESS
            self._end(batch, profile_ids, reason, str(error))
        except NoAnswer as error:
            fate = Fate.UNKNOWN if error.may_have_arrived else Fate.FAILED
            self._again(batch, profile_ids, Reason.NO_ANSWER, str(error), fate=fate)
        else:
            self._answered(batch, profile_ids, answer)

    def _body(self, batch: Batch) -> tuple[list[int], bytes]:
        """Who is in it, and the bytes, having noted who isn't: gone, or not to be rendered for."""
        out = set(Outcome.objects.filter(batch=batch).values_list("profile_id", flat=True))
        wanted = [key for key in batch.profile_ids if key not in out]
        with snapshot():
            users = recipients.read(self.workspace_id, wanted)
            known = [key for key in wanted if key in users]
            exported = exporting.export(self.workspace_id, known, fields=FIELDS)
        told = [
            self._left_out(batch, key, Fate.LEFT_OUT, Reason.GONE)
            for key in wanted
            if key not in users
        ]
        included, written = [], []
        for key, user in zip(known, exported, strict=True):
            try:
                properties = self._rendered({"user": users[key].values()})
            except InvalidTemplate as error:
                told.append(self._left_out(batch, key, Fate.FAILED, Reason.TEMPLATE, str(error)))
                continue
            included.append(key)
            written.append({**user, "properties": properties})
        progress.note(batch, told)
        body = {
            "campaign": {"id": str(self._campaign.pk), "name": self._campaign.name},
            "batch": self.id_of(batch),
            "recipients": written,
        }
        return included, json.dumps(body, ensure_ascii=False).encode()

    @staticmethod
    def _left_out(batch: Batch, key: int, fate: Fate, reason: Reason, words: str = "") -> Told:
        """Of somebody who drops out after the first try, nobody knows whether that arrived."""
        was_tried = batch.attempts or batch.repeats is not None
        return Told(key, Fate.UNKNOWN if was_tried else fate, reason, words)

    def _rendered(self, values: dict[str, Any]) -> dict[str, str]:
        values |= {"campaign": {"name": self._campaign.name}}
        return {name: template.render(values) for name, template in self._properties.items()}

    def id_of(self, batch: Batch) -> str:
        return f"{self.sending.pk}.{batch.origin}"

    def _headers(self, batch: Batch, body: bytes) -> dict[str, str]:
        sent_at = str(int(time.time()))
        signed = b".".join([self.id_of(batch).encode(), sent_at.encode(), body])
        return {
            **self.message.get("headers", {}),
            "Content-Type": "application/json",
            "User-Agent": "Quayside",
            "webhook-id": self.id_of(batch),
            "webhook-timestamp": sent_at,
            "webhook-signature": " ".join(
                f"v1,{base64.b64encode(hmac.digest(secret, signed, 'sha256')).decode()}"
                for secret in secrets(self.workspace_id)
            ),
        }

    def _answered(self, batch: Batch, profile_ids: Sequence[int], answer: Answer) -> None:
        words = f"{answer.status} {answer.text}".strip()
        if 200 <= answer.status < 300:
            progress.settle(batch, len(batch.profile_ids), finished=True)
        elif 300 <= answer.status < 400:
            self._end(batch, profile_ids, Reason.REDIRECT, words)
        elif answer.status >= 500 or answer.status in _PASSING:
            self._again(batch, profile_ids, Reason.ANSWER, words, answer.retry_after)
        else:
            self._end(batch, profile_ids, Reason.ANSWER, words)

    def _again(
        self,
        batch: Batch,
        profile_ids: Sequence[int],
        reason: Reason,
        words: str,
        after: str = "",
        *,
        fate: Fate = Fate.FAILED,
    ) -> None:
        """Try once more, each time after twice the pause, until it is enough."""
        if batch.attempts >= MOST_ATTEMPTS:
            self._end(batch, profile_ids, reason, words, fate)
            return
        pause = FIRST_PAUSE_SECONDS * 2 ** (batch.attempts - 1)
        asked = int(after) if after.isascii() and after.isdigit() else 0
        seconds = min(max(pause, asked), LONGEST_PAUSE_SECONDS)
        batch.retry_at = timezone.now() + timedelta(seconds=seconds)
        batch.problem = words[:500]
        batch.save(update_fields=["retry_at", "problem"])

    def _end(
        self,
        batch: Batch,
        profile_ids: Sequence[int],
        reason: Reason,
        words: str,
        fate: Fate = Fate.FAILED,
    ) -> None:
        told = [Told(key, fate, reason, words) for key in profile_ids]
        progress.settle(batch, len(batch.profile_ids), told, finished=True)

    @classmethod
    def check(cls, message: dict[str, Any]) -> dict[str, Any]:
        url = str(message.get("url", "")).strip()
        headers = {str(k).strip(): str(v).strip() for k, v in message.get("headers", {}).items()}
        properties = {str(k).strip(): str(v) for k, v in message.get("properties", {}).items()}
        problems = {}
        try:
            outgoing.check(url)
        except InvalidAddress as error:
            problems["url"] = str(error)
        if wrong := [name for name in headers if not _may_be_sent(name, headers[name])]:
            problems["headers"] = _("%(name)s can't be sent as a header: leave it out.") % {
                "name": wrong[0] or _("A header without a name")
            }
        if len(headers) > MOST_HEADERS or len(properties) > MOST_PROPERTIES:
            problems["properties"] = _(
                "At most %(headers)s headers and %(properties)s properties, please."
            ) % {"headers": MOST_HEADERS, "properties": MOST_PROPERTIES}
        for name, text in properties.items():
            try:
                Template(text)
            except InvalidTemplate as error:
                problems["properties"] = f"{name}: {error}"
        if problems:
            raise InvalidMessage(problems)
        return {"url": url, "headers": headers, "properties": properties}


def secrets(workspace_id: int) -> list[bytes]:
    """What a workspace's webhooks are signed with, newest first: one for each pepper.

    Receivers may go by any of them, so a pepper can be changed without stopping them.
    """
    label = f"webhooks of workspace {workspace_id}".encode()
    return [
        hmac.digest(settings.PEPPERS[number], label, hashlib.sha256)
        for number in sorted(settings.PEPPERS, reverse=True)
    ]


def written(secret: bytes) -> str:
    """A secret as the libraries of receivers take it."""
    return f"whsec_{base64.b64encode(secret).decode()}"


def _may_be_sent(name: str, value: str) -> bool:
    if not _HEADER.fullmatch(name) or name.lower() in _OURS or name.lower().startswith("webhook-"):
        return False
    return value.isprintable() and value.isascii() and len(value) <= 1_000
