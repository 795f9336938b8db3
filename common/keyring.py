"""Keys as rows: minting one, finding one, checking one. Services add who did it, and why.

A key is readable once, in the `IssuedKey` that minting returns. Stored is its digest under
a numbered pepper, so that peppers can be rotated: new keys take the highest number, and a
key goes on verifying for as long as its own number is configured.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Generic, TypeVar

from django.apps import apps
from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now

from common import keys
from common.keys import ID_LENGTH, KINDS, KeyKind, ParsedKey
from common.models import ApiKey, newest_pepper

Row = TypeVar("Row", bound=ApiKey)

# By the database's clock, which all processes share.
LIVE = Q(invalidated_at=None) & (Q(expires_at=None) | Q(expires_at__gt=Now()))

_PREFIX = re.compile(rf"qs_({KINDS})_([0-9A-Za-z]{{{ID_LENGTH}}})", re.ASCII)


@dataclass(frozen=True, slots=True)
class IssuedKey(Generic[Row]):
    """A new key: its row, and its text, which nothing can show again."""

    row: Row
    text: str = field(repr=False)


def mint(
    model: type[Row], *, created_by: str, expires_in: timedelta | None = None, **fields: Any
) -> IssuedKey[Row]:
    """Make a key and store what may be stored of it. `fields` are the row's other columns."""
    key = keys.generate(model.kind)
    number, pepper = newest_pepper()
    row = model._default_manager.create(
        public_id=key.public_id,
        last_four=key.last_four,
        digest=keys.digest(key, pepper),
        pepper=number,
        created_by=created_by,
        expires_at=None if expires_in is None else Now() + expires_in,
        **fields,
    )
    row.refresh_from_db(fields=["created_at", "expires_at"])
    return IssuedKey(row, key.text)


def mint_successor(
    key: Row, *, created_by: str, expires_in: timedelta | None = None
) -> IssuedKey[Row]:
    """A key of its own that opens exactly what `key` opens, under the same label.

    Copies every column that a kind of key adds, so that one that is added later, another
    restriction perhaps, can't be forgotten here.
    """
    model = type(key)
    common = {field.name for field in ApiKey._meta.local_fields}
    own = [field.name for field in model._meta.local_fields if not field.primary_key]
    fields = {name: getattr(key, name) for name in own if name not in common}
    return mint(model, created_by=created_by, expires_in=expires_in, label=key.label, **fields)


def opens(key: ParsedKey, row: ApiKey | None) -> bool:
    """Whether `key` is the one that `row` was minted for. As slow without a row as with one."""
    if row is None:
        return keys.matches(key, None, None)
    return keys.matches(key, bytes(row.digest), settings.PEPPERS.get(row.pepper))


def models() -> Iterator[type[ApiKey]]:
    """Every kind of key that there is."""
    return (model for model in apps.get_models() if issubclass(model, ApiKey))


def find(prefix: str) -> ApiKey | None:
    """The key with that prefix, of whatever kind. A whole key does as well as its prefix."""
    public_id = _public_id(prefix.strip())
    if public_id is None:
        return None
    kind, identity = public_id
    model = next((model for model in models() if model.kind == kind), None)
    return None if model is None else model._default_manager.filter(public_id=identity).first()


def _public_id(text: str) -> tuple[KeyKind, str] | None:
    if match := _PREFIX.fullmatch(text):
        return KeyKind(match[1]), match[2]
    parsed = (keys.parse(text, kind) for kind in KeyKind)
    return next(((key.kind, key.public_id) for key in parsed if key), None)


def needed_peppers() -> set[int]:
    """Numbers of the peppers without which some live key no longer verifies."""
    numbers: set[int] = set()
    for model in models():
        live = model._default_manager.filter(LIVE).order_by()
        numbers.update(live.values_list("pepper", flat=True).distinct())
    return numbers


def describe(key: ApiKey) -> str:
    """A key on one line, with tabs between: prefix, kind, state, last use, label."""
    used = key.last_used_at.isoformat(timespec="seconds") if key.last_used_at else "never"
    label = " ".join(key.label.split())
    return "\t".join([key.prefix, kind_name(key), key.state, used, label])


def kind_name(key: ApiKey) -> str:
    """`data_import_key`, `partner_api_key` or `rest_api_key`: the same in every language."""
    return key._meta.verbose_name_raw.lower().replace(" ", "_")
