"""Where a request came from, behind proxies or not."""

import ipaddress
from collections.abc import Iterable

from django.conf import settings
from django.http import HttpRequest

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def client_address(request: HttpRequest) -> str | None:
    """The address of whoever made the request; None over a Unix socket.

    `X-Forwarded-For` is read from its end, and only as far as the hops are proxies that
    `TRUSTED_PROXIES` names: everything before them is what a client says about itself.
    """
    forwarded = request.headers.get("X-Forwarded-For", "")
    hops = [request.META.get("REMOTE_ADDR", ""), *reversed(forwarded.split(","))]
    nearest: Address | None = None
    for hop in hops:
        address = parse(hop.strip())
        if address is None:
            break
        nearest = address
        if not within(address, settings.TRUSTED_PROXIES):
            break
    return None if nearest is None else str(nearest)


def parse(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])  # without a link's zone
    except ValueError:
        return None
    # What a socket that listens on both shows of an IPv4 client.
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def within(address: Address, networks: Iterable[str]) -> bool:
    return any(address in ipaddress.ip_network(network) for network in networks)
