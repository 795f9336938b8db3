from datetime import datetime

from django import template

from common import ages
from common.charts import moment_label

register = template.Library()


@register.filter
def age(at: datetime) -> str:
    """How long ago a moment was, or how far off it is."""
    return ages.age(at)


@register.filter
def moment(at: datetime) -> str:
    """When a moment of these weeks was."""
    return moment_label(at)
