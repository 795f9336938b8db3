"""What a REST API key can be allowed to do: the names of section 2 of the HTTP contract."""

from collections.abc import Iterable

ALL = "all"

# Permission by what it opens, in the contract's order.
PERMISSIONS: dict[str, str] = {
    "users.track": "POST /users/track",
    "users.alias.new": "POST /users/alias/new",
    "users.alias.update": "POST /users/alias/update",
    "users.identify": "POST /users/identify",
    "users.merge": "POST /users/merge",
    "users.delete": "POST /users/delete",
    "users.export.ids": "POST /users/export/ids",
    "users.export.segment": "POST /users/export/segment, /users/export/segment/*",
    "segments.list": "GET /segments/list",
    "segments.details": "GET /segments/details, POST /segments/reach",
    "segments.data_series": "GET /segments/data_series",
    "segments.create": "POST /segments/create",
    "campaigns.list": "GET /campaigns/list",
    "campaigns.details": "GET /campaigns/details, GET /campaigns/export",
    "canvas.list": "GET /canvas/list",
    "canvas.details": "GET /canvas/details, GET /canvas/export",
    "cohorts.list": "GET /cohorts/list",
    "cohorts.details": "GET /cohorts/details",
}


class UnknownPermission(ValueError):
    """A name that opens nothing. Its text says which, and which names there are."""


def expand(names: Iterable[str]) -> list[str]:
    """The permissions that `names` stand for, each once, in the contract's order.

    `all` is every permission of today: a key doesn't grow with later versions.

    Raises `UnknownPermission`, also when nothing is named.
    """
    wanted = {name.strip() for name in names} - {""}
    if not wanted:
        raise UnknownPermission("Name at least one permission, or all.")
    if unknown := sorted(wanted - {*PERMISSIONS, ALL}):
        known = ", ".join([ALL, *PERMISSIONS])
        raise UnknownPermission(f"There is no permission {', '.join(unknown)}, but {known}.")
    return [name for name in PERMISSIONS if name in wanted or ALL in wanted]
