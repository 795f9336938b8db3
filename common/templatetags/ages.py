from datetime import datetime

from django import template

from common import ages

register = template.Library()


@register.filter
def age(at: datetime) -> str:
    """How long ago a moment was, or how far off it is."""
    return ages.age(at)
