"""Which cause is behind an answer that has one text for several, so that strangers learn nothing.

Whoever reads the log knows the keys anyway, and wants to be told. Pure.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnownKey:
    """What there is to a prefix that a call came with. `state` as in `ApiKey.state`."""

    partner: str
    partner_id: int
    state: str
    workspace_id: int | None = None


def refine(
    code: str,
    partner: str,
    *,
    partner_key: tuple[str, KnownKey | None],
    secret: tuple[str, KnownKey | None],
    partner_exists: bool,
) -> str:
    """The code of `partners.reasons` that says most.

    `partner` is the slug in the path; of each key come the prefix and what is known of it.
    """
    match code:
        case "not_found":
            return "unknown_path" if partner_exists else "unknown_partner"
        case "partner_key":
            return f"{code}_{_trouble(partner, *partner_key)}"
        case "secret":
            return f"{code}_{_trouble(partner, *secret)}"
    return code


def _trouble(partner: str, prefix: str, key: KnownKey | None) -> str:
    if not prefix:
        return "missing"
    if key is None:
        return "unknown"
    if key.partner != partner:
        return "elsewhere"
    return key.state if key.state in ("invalidated", "expired") else "garbled"
