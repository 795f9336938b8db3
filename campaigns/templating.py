"""Messages made for each user: Liquid templates, as Braze has them, in a sandbox.

Templates reach nothing but the values that they are given: Liquid has no calls and no
imports, and loops and output are limited, so that one message can't keep a worker.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _
from liquid import BoundTemplate, Environment
from liquid.exceptions import LiquidError, ResourceLimitError

# What a template may speak of.
NAMES = ("user", "campaign", "unsubscribe_url")
LONGEST_TEMPLATE = 200_000

_PARTS_OF_FILES = ("include", "render")


class InvalidTemplate(ValueError):
    """What is wrong with a template, and where, in one sentence."""


class _Sandbox(Environment):
    loop_iteration_limit = 10_000
    output_stream_limit = 500_000
    local_namespace_limit = 100_000
    context_depth_limit = 20


def _environment(*, autoescape: bool) -> Environment:
    environment = _Sandbox(autoescape=autoescape)
    for tag in _PARTS_OF_FILES:
        del environment.tags[tag]
    return environment


_PLAIN = _environment(autoescape=False)
_HTML = _environment(autoescape=True)


class Template:
    """A template that has been read. Values are escaped where it makes HTML."""

    def __init__(self, text: str, *, html: bool = False) -> None:
        """Raises `InvalidTemplate`."""
        self._bound = _read(text, html)

    def render(self, values: Mapping[str, Any]) -> str:
        """The text for those values, by the names in `NAMES`. Raises `InvalidTemplate`."""
        try:
            return self._bound.render(**values)
        except (LiquidError, ArithmeticError, TypeError, ValueError, RecursionError) as error:
            raise InvalidTemplate(_sentence(error)) from error


@lru_cache(maxsize=256)
def _read(text: str, html: bool) -> BoundTemplate:
    if len(text) > LONGEST_TEMPLATE:
        raise InvalidTemplate(
            _("The template is longer than %(most)s characters.") % {"most": LONGEST_TEMPLATE}
        )
    try:
        bound = (_HTML if html else _PLAIN).from_string(text)
        found = bound.analyze()
    except (LiquidError, RecursionError) as error:
        raise InvalidTemplate(_sentence(error)) from error
    for name, places in found.filters.items():
        if name not in bound.env.filters:
            line = _line(text, places[0].index)
            raise InvalidTemplate(
                _("Line %(line)s: there is no filter %(name)s.") % {"line": line, "name": name}
            )
    for name, variables in found.globals.items():
        if name not in NAMES:
            line = _line(text, variables[0].span.index)
            raise InvalidTemplate(
                _(
                    "Line %(line)s: nothing is called %(name)s here; a user's attribute is "
                    "{{ user.%(name)s }}."
                )
                % {"line": line, "name": name}
            )
    return bound


def _sentence(error: Exception) -> str:
    if isinstance(error, ResourceLimitError):
        return _("The template does more than a message may: shorten its loops.")
    if not isinstance(error, LiquidError):
        return _("The template can't be worked out: %(reason)s.") % {"reason": error}
    reason = str(error.message).strip().rstrip(".")
    token = error.token
    if token is None:
        return _("The template can't be read: %(reason)s.") % {"reason": reason}
    line = _line(token.source, token.start_index)
    return _("Line %(line)s: %(reason)s.") % {"line": line, "reason": reason}


def _line(text: str, index: int) -> int:
    return text.count("\n", 0, index) + 1
