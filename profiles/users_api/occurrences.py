"""What an event or a purchase of a call says. Pure.

All that Braze documents is checked. Kept is how often, first and last; properties, price and
currency aren't.
"""

import math
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common.times import moment
from profiles.users_api.naming import ItemError, text

LONGEST_NAME = 255
# Braze takes a purchase of several for as many purchases of one.
MOST_AT_ONCE = 100

_CURRENCY = re.compile(r"[A-Za-z]{3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """That a user did something, and how many times at once."""

    name: str
    at: datetime
    times: int = 1


def event(entry: dict[str, Any]) -> Occurrence:
    """Raises `ItemError`, as `purchase` does."""
    name = text(entry.get("name"), "name", LONGEST_NAME)
    _check_properties(entry)
    return Occurrence(name, _time(entry))


def purchase(entry: dict[str, Any]) -> Occurrence:
    product = text(entry.get("product_id"), "product_id", LONGEST_NAME)
    currency, price = entry.get("currency"), entry.get("price")
    if not isinstance(currency, str) or not _CURRENCY.fullmatch(currency):
        raise ItemError("currency must be the three letters of an ISO 4217 code")
    if not _is_number(price):
        raise ItemError("price must be a number")
    _check_properties(entry)
    return Occurrence(product, _time(entry), _quantity(entry))


def _is_number(value: object) -> bool:
    return type(value) is int or (isinstance(value, float) and math.isfinite(value))


def _quantity(entry: dict[str, Any]) -> int:
    quantity = entry.get("quantity")
    if quantity is None:
        return 1
    if type(quantity) is not int or not 1 <= quantity <= MOST_AT_ONCE:
        raise ItemError(f"quantity must be a whole number from 1 to {MOST_AT_ONCE}")
    return quantity


def _check_properties(entry: dict[str, Any]) -> None:
    properties = entry.get("properties")
    if properties is not None and not isinstance(properties, dict):
        raise ItemError("properties must be an object")


def _time(entry: dict[str, Any]) -> datetime:
    try:
        return moment(text(entry.get("time"), "time", LONGEST_NAME))
    except (ItemError, ValueError) as error:
        raise ItemError("time must be a string in ISO-8601") from error
