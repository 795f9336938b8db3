"""The users of the demo workspace: always the same ones. Pure.

Seven in ten have an external id, the rest are known by an alias only, or by nothing but
their devices. One in eight of the identified has devices too, which matching ignores.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from random import Random

from demo.words import CATEGORIES, COUNTRIES, EMAIL_DOMAINS, Country

SEED = 20_261_123
HOW_MANY = 50_000


class KnownBy(StrEnum):
    EXTERNAL_ID = "external id"
    ALIAS = "alias"
    DEVICE = "device"


@dataclass(frozen=True, slots=True)
class Person:
    """One user: what they are known by, and what a shop would know about them."""

    number: int
    known_by: KnownBy
    devices: tuple[str, ...]
    country: Country
    home_city: str
    category: str
    push_subscribe: str
    sessions: int
    gender: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    email_subscribe: str = ""
    phone: str = ""
    born_on: date | None = None
    age: int | None = None
    tier: str = ""
    orders: int = 0
    spent: float = 0.0
    last_purchase: date | None = None

    @property
    def external_id(self) -> str:
        return f"demo-{self.number:06d}"

    @property
    def alias(self) -> tuple[str, str]:
        """Label and name. Shop cards are handed out at the till, the rest is newsletters."""
        if self.number % 3 == 0:
            return "shop_card", f"4400-{self.number:07d}"
        return "newsletter", f"news-{self.number:06d}"

    def bought_since(self, day: date) -> bool:
        return self.last_purchase is not None and self.last_purchase >= day


def generate(how_many: int = HOW_MANY, *, today: date) -> Iterator[Person]:
    """The first `how_many` of them, in the order of their numbers.

    The same ones each time; their last purchases are counted back from `today`.
    """
    for number in range(1, how_many + 1):
        draw = Random(SEED + number)  # noqa: S311  # must be repeatable, guards nothing
        yield _person(number, draw, today)


def _person(number: int, draw: Random, today: date) -> Person:
    known_by = draw.choices(list(KnownBy), (70, 15, 15))[0]
    country = draw.choices(COUNTRIES, [country.share for country in COUNTRIES])[0]
    if known_by is KnownBy.DEVICE:
        return _visitor(number, draw, country)
    gender = "F" if draw.random() < 0.58 else "M"
    first_name = draw.choice(country.women if gender == "F" else country.men)
    last_name = draw.choice(country.surnames)
    age = round(draw.triangular(18, 84, 38))
    born_on = today - timedelta(days=age * 365.25 + draw.randrange(10, 350))
    identified = known_by is KnownBy.EXTERNAL_ID
    orders = _orders(draw) if identified else 0
    return Person(
        number=number,
        known_by=known_by,
        devices=_devices(draw) if identified and draw.random() < 0.12 else (),
        country=country,
        home_city=draw.choice(country.cities),
        category=draw.choice(CATEGORIES),
        push_subscribe="",
        sessions=draw.randrange(1, 60),
        gender=gender,
        first_name=first_name,
        last_name=last_name,
        email=_email(draw, first_name, last_name, number),
        email_subscribe=draw.choices(("opted_in", "subscribed", "unsubscribed"), (48, 38, 14))[0],
        phone=_phone(draw, country) if draw.random() < 0.3 else "",
        born_on=born_on,
        age=age,
        tier=_tier(orders),
        orders=orders,
        spent=round(sum(draw.lognormvariate(3.6, 0.6) for _ in range(orders)), 2),
        last_purchase=today - timedelta(days=_days_ago(draw)) if orders else None,
    )


def _visitor(number: int, draw: Random, country: Country) -> Person:
    return Person(
        number=number,
        known_by=KnownBy.DEVICE,
        devices=_devices(draw)[:1],
        country=country,
        home_city=draw.choice(country.cities),
        category=draw.choice(CATEGORIES),
        push_subscribe=draw.choices(("opted_in", "subscribed", "unsubscribed"), (35, 40, 25))[0],
        sessions=int(draw.paretovariate(1.2)),
    )


def _orders(draw: Random) -> int:
    """Many have never bought or bought once, few buy all the time."""
    return 0 if draw.random() < 0.22 else min(60, int(draw.paretovariate(1.15)))


def _tier(orders: int) -> str:
    for least, tier in ((12, "platinum"), (6, "gold"), (2, "silver")):
        if orders >= least:
            return tier
    return "none"


def _days_ago(draw: Random) -> int:
    return min(1_400, int(draw.expovariate(1 / 210)))


def _devices(draw: Random) -> tuple[str, ...]:
    """One or two: an iPhone's vendor id is an upper-case UUID, Android's is 16 hex digits."""
    return tuple(_device(draw) for _ in range(1 if draw.random() < 0.7 else 2))


def _device(draw: Random) -> str:
    if draw.random() < 0.45:
        return f"{draw.getrandbits(64):016x}"
    digits = f"{draw.getrandbits(128):032X}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _email(draw: Random, first_name: str, last_name: str, number: int) -> str:
    local = f"{_plain(first_name)}.{_plain(last_name)}"
    return f"{local}{number}@{draw.choice(EMAIL_DOMAINS)}"


def _plain(name: str) -> str:
    """As people spell their name in an address: without accents and spaces."""
    decomposed = unicodedata.normalize("NFKD", name.lower())
    return "".join(letter for letter in decomposed if letter.isascii() and letter.isalpha())


def _phone(draw: Random, country: Country) -> str:
    return "".join(str(draw.randrange(10)) if sign == "x" else sign for sign in country.phone)
