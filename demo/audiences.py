"""What the partners have exported into the demo workspace, and the requests that say so. Pure.

Named as real exports are. Each also names some users whom nobody knows yet, as partners do
whose data is ahead of ours; they wait. `App visitors` consists of devices, those of
identified users among them, which matching ignores.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import chain
from random import Random
from typing import Any

from demo.people import SEED, KnownBy, Person

MOST_IDS = 1_000
# Above every number that a person has.
STRANGER = "demo-9{:05d}"

Chooses = Callable[[Person], bool]
Change = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Audience:
    """A cohort as its partner sees it: who belongs to it, and how good the partner's aim is.

    Of those who belong, `share` are named; `strangers` are ids that nobody has; of all that
    were named `dropped` are removed again by a later export.
    """

    partner: str
    cohort_id: str
    name: str
    belongs: Chooses
    share: float = 1.0
    strangers: int = 0
    dropped: float = 0.0
    by_device: bool = False
    former_name: str = ""
    export_file_name: str = ""


@dataclass(slots=True)
class Export:
    """An audience's ids as changes of its cohort, in requests of at most a thousand."""

    audience: Audience
    requests: list[list[Change]] = field(default_factory=list)


def audiences(today: date) -> tuple[Audience, ...]:
    """Every cohort of the demo workspace. Dates in them are counted back from `today`."""

    def days_ago(days: int) -> date:
        return today - timedelta(days=days)

    def bought(person: Person) -> bool:
        return person.orders > 0

    season = today.year
    return (
        Audience(
            "tinyclues",
            "primary-cohort",
            "Primary cohort",
            lambda person: person.category in ("home", "kitchen", "toys") or person.orders >= 4,
            share=0.82,
            strangers=240,
            dropped=0.03,
            export_file_name=f"{today:%Y-%m-%d}_Primary-cohort.csv",
        ),
        Audience(
            "tinyclues",
            "christmas-early-birds",
            f"{season}-11 Christmas early birds",
            lambda person: person.orders >= 2 and person.country.code in ("FR", "ES", "DE"),
            share=0.9,
            strangers=85,
            dropped=0.04,
            former_name=f"{season}-11 Xmas early birds (draft)",
            export_file_name=f"{season}-11_Christmas-early-birds_FR-ES-DE.csv",
        ),
        Audience(
            "tinyclues",
            "winback-lapsed-6m",
            "Winback – lapsed 6 months",
            lambda person: bought(person) and not person.bought_since(days_ago(182)),
            share=0.7,
            strangers=60,
            export_file_name=f"{today:%Y-%m-%d}_Winback_lapsed-6-months.csv",
        ),
        Audience(
            "tinyclues",
            "recent-buyers-30d",
            "Recent buyers – last 30 days",
            lambda person: person.bought_since(days_ago(30)),
            strangers=12,
            export_file_name=f"{today:%Y-%m-%d}_Recent-buyers_30d.csv",
        ),
        Audience(
            "tinyclues",
            "beauty-lookalikes-es-fr",
            "Beauty lookalikes ES + FR",
            lambda person: person.category == "beauty" and person.country.code in ("ES", "FR"),
            share=0.75,
            strangers=40,
            export_file_name=f"{today:%Y-%m-%d}_Beauty_lookalikes_ES-FR.csv",
        ),
        Audience(
            "tinyclues",
            "newsletter-never-bought",
            "Newsletter readers who never bought",
            lambda person: (
                person.known_by is not KnownBy.DEVICE
                and not bought(person)
                and person.email_subscribe != "unsubscribed"
            ),
            share=0.6,
            export_file_name=f"{today:%Y-%m-%d}_Newsletter_never-bought.csv",
        ),
        Audience(
            "segment",
            "app_visitors_7d",
            "App visitors, last 7 days",
            lambda person: bool(person.devices),
            share=0.55,
            by_device=True,
        ),
        Audience(
            "segment",
            "gold_and_platinum",
            "Gold and platinum members",
            lambda person: person.tier in ("gold", "platinum"),
            strangers=15,
        ),
    )


def exports(people: Sequence[Person], today: date) -> Iterator[Export]:
    """The requests of each audience: first those that add, then those that remove."""
    for index, audience in enumerate(audiences(today)):
        draw = Random(SEED * (index + 1))  # noqa: S311  # must be repeatable, guards nothing
        named = [
            person
            for person in people
            if audience.belongs(person) and draw.random() < audience.share
        ]
        dropped = [person for person in named if draw.random() < audience.dropped]
        strangers = [STRANGER.format(draw.randrange(100_000)) for _ in range(audience.strangers)]
        adds = _changes(named, audience.by_device, strangers)
        removes = _changes(dropped, audience.by_device, remove=True)
        yield Export(audience, list(chain(adds, removes)))


def _changes(
    people: Sequence[Person], by_device: bool, strangers: Sequence[str] = (), remove: bool = False
) -> Iterator[list[Change]]:
    """Requests of up to a thousand ids, each kind of id in an object of its own."""
    named: list[tuple[str, Any]] = [("user_ids", stranger) for stranger in strangers]
    for person in people:
        if by_device or person.known_by is KnownBy.DEVICE:
            named += [("device_ids", device) for device in person.devices]
        elif person.known_by is KnownBy.ALIAS:
            label, name = person.alias
            named.append(("aliases", {"alias_label": label, "alias_name": name}))
        else:
            named.append(("user_ids", person.external_id))
    for start in range(0, len(named), MOST_IDS):
        part = named[start : start + MOST_IDS]
        kinds = ("user_ids", "aliases", "device_ids")
        ids = {kind: [value for of_kind, value in part if of_kind == kind] for kind in kinds}
        flag = {"should_remove": True} if remove else {}
        yield [{kind: values, **flag} for kind, values in ids.items() if values]
