"""Read what the environment must say, and refuse in one sentence what it says wrongly."""

from collections.abc import Iterable, Mapping

from django.core.exceptions import ImproperlyConfigured

LARGEST_NUMBER = 32767


def demand(environment: Mapping[str, str], names: Iterable[str]) -> None:
    """Raises `ImproperlyConfigured`, naming all that production needs and that isn't set."""
    missing = [name for name in names if not environment.get(name)]
    if missing:
        raise ImproperlyConfigured(
            f"Set {', '.join(missing)}: QUAYSIDE_ENV=production needs "
            f"{'them' if len(missing) > 1 else 'it'}. See README.md."
        )


def read_peppers(text: str) -> dict[int, bytes]:
    """Peppers by number, out of `1:<hex>,2:<hex>`.

    Raises `ImproperlyConfigured`, which shows nothing of them.
    """
    peppers: dict[int, bytes] = {}
    for pair in filter(None, (pair.strip() for pair in text.split(","))):
        number, _, value = pair.partition(":")
        try:
            parsed, pepper = int(number), bytes.fromhex(value)
        except ValueError:
            parsed, pepper = 0, b""
        if not (0 < parsed <= LARGEST_NUMBER and pepper) or parsed in peppers:
            raise ImproperlyConfigured(
                "PEPPERS must read 1:<hex>,2:<hex>: each number once, and hexadecimal digits."
            )
        peppers[parsed] = pepper
    return peppers
