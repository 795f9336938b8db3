"""Why a call ended as it did, in words: what happened, and what to change.

The one home of these sentences. An answer's status and message lead to a code, the log
keeps the code, and pages show the sentences in the reader's language. Where one message
stands for several causes, so that strangers learn nothing, the log tells them apart:
see `partners.diagnosis`.
"""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

# Messages of the HTTP contract by status. One without a message takes all of its status.
CODES: dict[tuple[int, str | None], str] = {
    (400, "Bad Request"): "not_json",
    (400, "cohort_id must be a valid string"): "bad_cohort_id",
    (400, "name must be a non-empty string"): "bad_name",
    (400, "created_at must be a valid time as an ISO-8601 string"): "bad_created_at",
    (400, "export_file_name must be a string"): "bad_export_file_name",
    (
        400,
        "cohort_changes must be an array of objects each with key user_ids and/or device_ids "
        "mapping to an array of strings, or an aliases object",
    ): "bad_changes",
    (
        400,
        "Only 1,000 user_ids, device_ids, and aliases are allowed per request",
    ): "too_many_ids",
    (400, "Idempotency-Key must be 1 to 255 visible ASCII characters"): "bad_idempotency_key",
    (401, "Invalid Partner API key"): "partner_key",
    (401, "Invalid client secret"): "secret",
    (401, "Partner not enabled for client"): "disabled",
    (403, None): "plain_http",
    (404, None): "not_found",
    (405, None): "wrong_method",
    (413, None): "too_large",
    (415, None): "wrong_type",
    (422, None): "idempotency_key_reused",
    (429, None): "too_fast",
    (503, None): "unavailable",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """What happened, and what to change; nothing to change when it went well."""

    what: Any
    advice: Any = ""


REASONS: dict[str, Reason] = {
    # Accepted, and no upload.
    "named": Reason(_("Named the cohort.")),
    "tested": Reason(_("A connection test: both keys are good, and nothing was sent.")),
    "replayed": Reason(
        _("Repeats an earlier call under its Idempotency-Key: answered alike, not stored again.")
    ),
    # The body.
    "not_json": Reason(
        _("The body is not a JSON object."),
        _("Send one JSON object in UTF-8, with both keys as fields of it."),
    ),
    "bad_cohort_id": Reason(
        _("The cohort_id is missing, or is no text of 1 to 255 characters."),
        _("Send the id that the cohort has at the partner, as a text in quotes."),
    ),
    "bad_name": Reason(
        _("The name is missing or blank, or longer than 255 characters."),
        _("Send the name that marketers should see."),
    ),
    "bad_created_at": Reason(
        _("The created_at is missing, or is no time that can be read."),
        _("Send it in ISO-8601, as in 2026-05-04T10:00:00Z."),
    ),
    "bad_export_file_name": Reason(
        _("The export_file_name is no text of up to 255 characters."),
        _("Send a shorter text, or leave the field out."),
    ),
    "bad_changes": Reason(
        _("The cohort_changes are not in the form that they must have. Nothing was stored."),
        _(
            "Send an array of objects. Each holds user_ids or device_ids, arrays of texts, or "
            "aliases, objects of alias_label and alias_name; should_remove is true or false."
        ),
    ),
    "too_many_ids": Reason(
        _("The call names more than 1,000 ids. Nothing was stored."),
        _("Split the ids over several calls: 1,000 in each, over all objects and kinds."),
    ),
    "bad_idempotency_key": Reason(
        _("The Idempotency-Key is no key."),
        _("Send 1 to 255 visible ASCII characters, or leave the header out."),
    ),
    # The partner API key.
    "partner_key": Reason(
        _("The partner API key was refused."),
        _("Use the key that the administrator issued to the partner."),
    ),
    "partner_key_missing": Reason(
        _("The body has no partner API key in it, or only part of one."),
        _("Send the whole key, which begins with qs_pak_, as partner_api_key."),
    ),
    "partner_key_unknown": Reason(
        _("There is no such partner API key."),
        _("Use the key that the administrator issued to the partner. It may be of another system."),
    ),
    "partner_key_invalidated": Reason(
        _("The partner API key was invalidated."),
        _("Use its successor, or ask the administrator for a new key."),
    ),
    "partner_key_expired": Reason(
        _("The partner API key has expired."),
        _("Use its successor, or ask the administrator for a new key."),
    ),
    "partner_key_elsewhere": Reason(
        _("The partner API key is of another partner than the one in the path."),
        _("Correct the path to /partners/, then the partner's own slug, or use its own key."),
    ),
    "partner_key_garbled": Reason(
        _("The partner API key starts like one that works, and is not that key."),
        _("Copy it again, whole; and check that it stands in partner_api_key."),
    ),
    # The data import key.
    "secret": Reason(
        _("The data import key was refused."),
        _("Use a live key of this partner and workspace as client_secret."),
    ),
    "secret_missing": Reason(
        _("The body has no data import key in it, or only part of one."),
        _("Send the whole key, which begins with qs_dik_, as client_secret."),
    ),
    "secret_unknown": Reason(
        _("There is no such data import key."),
        _("Generate one on the partner's page and hand it over. This may be of another system."),
    ),
    "secret_invalidated": Reason(
        _("The data import key was invalidated."),
        _("Hand the partner another live key, or generate a new one on its page."),
    ),
    "secret_expired": Reason(
        _("The data import key has expired."),
        _("Hand the partner another live key, or generate a new one on its page."),
    ),
    "secret_elsewhere": Reason(
        _("The data import key is of another partner than the one in the path."),
        _("Generate a key on the page of the partner that calls, or correct the path."),
    ),
    "secret_garbled": Reason(
        _("The data import key starts like one that works, and is not that key."),
        _("Copy it again, whole; and check that it stands in client_secret."),
    ),
    "disabled": Reason(
        _("Both keys are good, and the partner is disabled in this workspace."),
        _("Enable it on its page when its uploads should go on."),
    ),
    # The call as such.
    "plain_http": Reason(
        _("The call came over plain HTTP, its keys in clear text."),
        _("Correct the endpoint to https:// and rotate the key: it may have been read."),
    ),
    "not_found": Reason(
        _("There is no such path."),
        _("Correct the endpoint: it is on the partner's page."),
    ),
    "unknown_partner": Reason(
        _("There is no partner of the name that stands in the path."),
        _("Correct the endpoint, which the partner's page shows: its capitals matter."),
    ),
    "unknown_path": Reason(
        _("There is no such path below the partner's."),
        _("Post to /cohorts or /cohorts/users below the partner's endpoint."),
    ),
    "wrong_method": Reason(
        _("The call was not a POST."),
        _("Send it as a POST. A redirect on the way turns a POST into a GET: check the address."),
    ),
    "too_large": Reason(
        _("The body is larger than is taken. Nothing was stored."),
        _("Split the ids over several calls: a call of 1,000 ids is far smaller."),
    ),
    "wrong_type": Reason(
        _("The body came compressed, or was not declared as JSON."),
        _("Send it uncompressed, with Content-Type: application/json."),
    ),
    "idempotency_key_reused": Reason(
        _("The Idempotency-Key was used before, with another body. Nothing was stored."),
        _("Make a new key for every call, and keep it for its repetitions alone."),
    ),
    "too_fast": Reason(
        _("The hour's requests are used up. Nothing was stored."),
        _("Send fewer and fuller calls, 1,000 ids in each, and wait as Retry-After says."),
    ),
    "refused": Reason(
        _("The call was refused."), _("Compare it with the sample on the partner's page.")
    ),
    # Trouble of ours.
    "unavailable": Reason(
        _("The database could not be reached. Nothing was stored."),
        _("Nothing to change: the partner's client should repeat the call."),
    ),
    "failed": Reason(
        _("Something went wrong on our side."),
        _("Repeat the call, which is harmless. If it goes on, tell whoever runs Quayside."),
    ),
}


def code_of(status: int, message: str) -> str:
    """The code of an error answer."""
    code = CODES.get((status, message)) or CODES.get((status, None))
    return code or ("failed" if status >= 500 else "refused")


def reason(code: str) -> Reason:
    """The sentences of a code; of one that an older version wrote, the general ones."""
    return REASONS.get(code, REASONS["refused"])
