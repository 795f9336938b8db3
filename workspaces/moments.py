"""Columns of times in the dashboard's lists."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import DateTimeField, Model
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.decorators import display

from common.ages import when


class RelativeTimes(ModelAdmin):  # type: ignore[misc]
    """Shows each time that `list_display` names as how long ago it was, the exact one on hover."""

    def get_list_display(self, request: HttpRequest) -> Sequence[Any]:
        return [_column(self.model, name) for name in super().get_list_display(request)]

    def get_list_display_links(
        self, request: HttpRequest, list_display: Sequence[Any]
    ) -> Sequence[Any] | None:
        links = super().get_list_display_links(request, list_display)
        return links and [_column(self.model, name) for name in links]


@cache
def _column(model: type[Model], name: str | Callable[..., Any]) -> str | Callable[..., Any]:
    """The same one whenever it is asked for: columns and those that are links are compared."""
    try:
        field = model._meta.get_field(name) if isinstance(name, str) else None
    except FieldDoesNotExist:
        return name
    if not isinstance(field, DateTimeField):
        return name

    def column(thing: Model) -> str:
        return when(getattr(thing, field.attname))

    shown: Callable[[Model], str] = display(column, description=field.verbose_name, ordering=name)
    return shown
