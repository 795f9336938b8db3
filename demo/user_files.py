"""People as user CSVs, one for each kind of id, in the form that `import_users` takes."""

import csv
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from demo.people import KnownBy, Person

Cells = Mapping[str, Callable[[Person], object]]

_IDS: Mapping[KnownBy, Cells] = {
    KnownBy.EXTERNAL_ID: {"external_id": lambda person: person.external_id},
    KnownBy.ALIAS: {
        "alias_label": lambda person: person.alias[0],
        "alias_name": lambda person: person.alias[1],
    },
    KnownBy.DEVICE: {"device_id": lambda person: person.devices[0]},
}
_EVERYBODY: Cells = {
    "country": lambda person: person.country.code,
    "language": lambda person: person.country.language,
    "home_city": lambda person: person.home_city,
    "time_zone": lambda person: person.country.time_zone,
    "favourite_category": lambda person: person.category,
    "sessions:number": lambda person: person.sessions,
}
_REACHABLE_BY_MAIL: Cells = {
    "first_name": lambda person: person.first_name,
    "last_name": lambda person: person.last_name,
    "gender": lambda person: person.gender,
    "dob": lambda person: person.born_on,
    "age:number": lambda person: person.age,
    "email": lambda person: person.email,
    "email_subscribe": lambda person: person.email_subscribe,
    "phone": lambda person: person.phone,
}
_CUSTOMERS: Cells = {
    "loyalty_tier": lambda person: person.tier,
    "orders:number": lambda person: person.orders,
    "total_spent:number": lambda person: person.spent,
    "last_purchase:time": lambda person: person.last_purchase,
}
_VISITORS: Cells = {"push_subscribe": lambda person: person.push_subscribe}

COLUMNS: Mapping[KnownBy, Cells] = {
    KnownBy.EXTERNAL_ID: {
        **_IDS[KnownBy.EXTERNAL_ID],
        **_REACHABLE_BY_MAIL,
        **_EVERYBODY,
        **_CUSTOMERS,
    },
    KnownBy.ALIAS: {**_IDS[KnownBy.ALIAS], **_REACHABLE_BY_MAIL, **_EVERYBODY},
    KnownBy.DEVICE: {**_IDS[KnownBy.DEVICE], **_EVERYBODY, **_VISITORS},
}


def write(people: Iterable[Person], folder: Path) -> dict[KnownBy, Path]:
    """A file for each kind of id; a person stands in the one for their own kind."""
    paths = {kind: folder / f"{kind.name.lower()}.csv" for kind in KnownBy}
    by_kind: dict[KnownBy, list[Person]] = {kind: [] for kind in KnownBy}
    for person in people:
        by_kind[person.known_by].append(person)
    for kind, path in paths.items():
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS[kind])
            cells = COLUMNS[kind].values()
            writer.writerows([[cell(person) for cell in cells] for person in by_kind[kind]])
    return paths
