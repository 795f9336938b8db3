"""What `manage.py check` refuses: a system that would start and then fail somebody.

Each says what to do. Those that ask the database hold their tongue without one, so that
`check` works on the machine that builds as on the one that runs.
"""

import ipaddress
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError, connection

from common import keyring
from workspaces.models import RecoveryCode, SecondFactor

PEPPER_BYTES = 32
OLDEST_POSTGRESQL = 15
ENVIRONMENTS = ("local", "production")
REDIS_SCHEMES = ("redis", "rediss", "unix")

Apps = Sequence[AppConfig] | None


@register(Tags.security)
def check_environment(app_configs: Apps, **options: Any) -> Iterator[CheckMessage]:
    if settings.ENVIRONMENT not in ENVIRONMENTS:
        yield Error(
            f"QUAYSIDE_ENV is {settings.ENVIRONMENT!r}, which is taken for a local instance.",
            hint="Set it to production, or leave it out.",
            id="quayside.E001",
        )
    if settings.PRODUCTION and settings.DEBUG:
        yield Error(
            "DEBUG is on in production: error pages would show settings and queries.",
            hint="Leave DEBUG out.",
            id="quayside.E002",
        )
    if settings.PRODUCTION and "*" in settings.ALLOWED_HOSTS:
        yield Error(
            "ALLOWED_HOSTS allows every host in production.",
            hint="Name the hosts that people and partners use, with commas between.",
            id="quayside.E003",
        )


@register(Tags.security)
def check_peppers(app_configs: Apps, **options: Any) -> Iterator[CheckMessage]:
    spare = max(settings.PEPPERS, default=0) + 1
    if not settings.PEPPERS:
        yield Error("There is no pepper.", hint=_new_pepper(spare), id="quayside.E004")
    for number, pepper in sorted(settings.PEPPERS.items()):
        if len(pepper) < PEPPER_BYTES or len(set(pepper)) < PEPPER_BYTES // 4:
            yield Error(
                f"Pepper {number} is weak: whoever reads the database could guess it.",
                hint=f"It takes {PEPPER_BYTES} random bytes. {_new_pepper(spare)} "
                "Issue new keys, and remove the weak one when no key needs it.",
                id="quayside.E005",
            )


@register(Tags.security)
def check_live_keys(app_configs: Apps, **options: Any) -> Iterator[CheckMessage]:
    """Not tagged as a database check, which `manage.py check` alone would leave out."""
    try:
        missing = keyring.needed_peppers() - set(settings.PEPPERS)
    except DatabaseError:
        return
    for number in sorted(missing):
        yield Error(
            f"Live keys need pepper {number}, and PEPPERS doesn't have it: they are all refused.",
            hint="Put it back into PEPPERS, or invalidate those keys and issue new ones.",
            id="quayside.E006",
        )


@register(Tags.security)
def check_second_factors(app_configs: Apps, **options: Any) -> Iterator[CheckMessage]:
    try:
        needed = set(SecondFactor.objects.values_list("pepper", flat=True).distinct())
        needed |= set(RecoveryCode.objects.values_list("pepper", flat=True).distinct())
    except DatabaseError:
        return
    for number in sorted(needed - set(settings.PEPPERS)):
        yield Error(
            f"Second factors need pepper {number}, and PEPPERS doesn't have it: "
            "whoever has one can't sign in.",
            hint="Put it back into PEPPERS, or reset them: manage.py reset_second_factor USERNAME.",
            id="quayside.E012",
        )


@register()
def check_mail(app_configs: Apps, **options: Any) -> Iterator[CheckMessage]:
    if settings.EMAIL_URL and settings.DEFAULT_FROM_EMAIL.endswith("@localhost"):
        yield Warning(
            "Mail is set up, and is sent from nobody: servers will take it for spam.",
            hint="Set DEFAULT_FROM_EMAIL to an address of yours.",
            id="quayside.W002",
        )


@register(Tags.security)
def check_public_address(app_configs: Apps, **options: Any) -> Iterator[CheckMessage]:
    """A message that was sent can't be mended: not a warning, then."""
    parts = urlsplit(settings.QUAYSIDE_URL)
    if not settings.PRODUCTION or (parts.scheme == "https" and parts.hostname):
        return
    told = f"is {settings.QUAYSIDE_URL!r}" if settings.QUAYSIDE_URL else "is missing"
    yield Error(
        f"QUAYSIDE_URL {told}: links in messages, the unsubscribe link too, would lead nowhere.",
        hint="Set it to where recipients reach Quayside, as in https://quayside.example.com.",
        id="quayside.E013",
    )


@register(Tags.database)
def check_postgresql(app_configs: Apps, **options: Any) -> Iterator[CheckMessage]:
    if connection.vendor != "postgresql":
        yield Error(
            f"DATABASE_URL names {connection.vendor}.",
            hint=f"Quayside needs PostgreSQL {OLDEST_POSTGRESQL} or newer: postgres://…",
            id="quayside.E007",
        )
        return
    try:
        version = connection.cursor().connection.info.server_version // 10_000
    except DatabaseError:
        return
    if version < OLDEST_POSTGRESQL:
        yield Error(
            f"This is PostgreSQL {version}.",
            hint=f"Quayside needs PostgreSQL {OLDEST_POSTGRESQL} or newer.",
            id="quayside.E008",
        )


@register()
def check_addresses(app_configs: Apps, **options: Any) -> Iterator[CheckMessage]:
    if urlsplit(settings.REDIS_URL).scheme not in REDIS_SCHEMES:
        yield Error(
            "REDIS_URL names no Redis.",
            hint="It starts with redis:// or rediss://.",
            id="quayside.E009",
        )
    for network in settings.TRUSTED_PROXIES:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            yield Error(
                f"TRUSTED_PROXIES has something that is no network: {error}.",
                hint="Write networks with commas between, as in 10.0.0.0/8,192.0.2.1.",
                id="quayside.E010",
            )


@register()
def check_limits(app_configs: Apps, **options: Any) -> Iterator[CheckMessage]:
    limits = (
        "PARTNER_REQUESTS_PER_HOUR",
        "REQUEST_BODY_LIMIT",
        "APPLY_BATCH_IDS",
        "SENDING_TASKS",
        "WORKER_PROCESSES",
    )
    for name in limits:
        if getattr(settings, name) < 1:
            yield Error(f"{name} is below 1.", hint="Leave it out.", id="quayside.E011")


@register()
def check_room_for_uploads(app_configs: Apps, **options: Any) -> Iterator[CheckMessage]:
    """Nothing is lost by it, and a small installation may want it: a warning."""
    sending, processes = settings.SENDING_TASKS, settings.WORKER_PROCESSES
    if sending >= processes:
        yield Warning(
            f"SENDING_TASKS is {sending}, and WORKER_PROCESSES {processes}: while campaigns are "
            "sent, no process is left to apply uploads, and they wait.",
            hint="Set SENDING_TASKS lower, or run more processes and set WORKER_PROCESSES to how "
            "many all workers have together.",
            id="quayside.W003",
        )


@register(Tags.security, deploy=True)
def check_metrics_are_closed(app_configs: Apps, **options: Any) -> Iterator[CheckMessage]:
    if not settings.METRICS_TOKEN:
        yield Warning(
            "/metrics is open to whoever can reach it.",
            hint="Set METRICS_TOKEN, and have Prometheus send it as its bearer token.",
            id="quayside.W001",
        )


def _new_pepper(number: int) -> str:
    return (
        "Make one with: python -c 'import secrets; print(secrets.token_hex(32))', "
        f"and add it to PEPPERS as {number}:<hex>."
    )
