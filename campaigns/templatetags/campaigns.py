from django import template
from django.utils.translation import ngettext

register = template.Library()

_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60


@register.filter
def duration(seconds: int) -> str:
    """The delay of a step in its largest whole unit."""
    if seconds % _DAY == 0:
        number = seconds // _DAY
        return ngettext("%(number)s day", "%(number)s days", number) % {"number": number}
    if seconds % _HOUR == 0:
        number = seconds // _HOUR
        return ngettext("%(number)s hour", "%(number)s hours", number) % {"number": number}
    number = seconds // _MINUTE
    return ngettext("%(number)s minute", "%(number)s minutes", number) % {"number": number}
