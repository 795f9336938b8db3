"""Whose a call was, found by the slug in its path and the public ids of the keys it came with."""

from collections.abc import Iterable

from partners import diagnosis
from partners.diagnosis import KnownKey
from partners.models import DataImportKey, Partner, PartnerApiKey
from partners.request_log import Entry, Origin


class Origins:
    """What the database knows of some origins; three queries, however many they are.

    A public id is no proof: it says in whose log a refusal belongs, and opens nothing.
    """

    def __init__(self, origins: Iterable[Origin]) -> None:
        named = set(origins)
        slugs = {origin.partner for origin in named} - {""}
        self._partners = dict(Partner.objects.filter(slug__in=slugs).values_list("slug", "pk"))
        secrets = DataImportKey.objects.filter(
            public_id__in=_public_ids(origin.client_secret for origin in named)
        )
        self._secrets = {
            key.prefix: KnownKey(key.partner.slug, key.partner_id, key.state, key.workspace_id)
            for key in secrets.select_related("partner")
        }
        partner_keys = PartnerApiKey.objects.filter(
            public_id__in=_public_ids(origin.partner_api_key for origin in named)
        )
        self._partner_keys = {
            key.prefix: KnownKey(key.partner.slug, key.partner_id, key.state)
            for key in partner_keys.select_related("partner")
        }

    def place(self, origin: Origin) -> tuple[int | None, int | None]:
        """Ids of its workspace and partner, as far as they are known."""
        if origin.workspace_id is not None:
            return origin.workspace_id, origin.partner_id
        if secret := self._secrets.get(origin.client_secret):
            return secret.workspace_id, secret.partner_id
        return None, self._partners.get(origin.partner)

    def reason(self, entry: Entry) -> str:
        """The code of `partners.reasons` that says most about the call's end."""
        origin = entry.origin
        return diagnosis.refine(
            entry.code,
            origin.partner,
            partner_key=(origin.partner_api_key, self._partner_keys.get(origin.partner_api_key)),
            secret=(origin.client_secret, self._secrets.get(origin.client_secret)),
            partner_exists=origin.partner in self._partners,
        )


def _public_ids(prefixes: Iterable[str]) -> set[str]:
    return {prefix.rpartition("_")[2] for prefix in prefixes} - {""}
