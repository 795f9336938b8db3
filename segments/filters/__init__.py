"""Filter kinds, one module each. A module put here is found; nothing else has to be told."""

import importlib
import pkgutil

from segments.filters.base import Filter


def _found() -> dict[str, type[Filter]]:
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return {kind.kind: kind for kind in Filter.__subclasses__()}


KINDS = _found()
