"""Which segments somebody wants at hand. Their own affair, so the audit log has none of it."""

from django.db import transaction

from segments.models import Segment, Star
from workspaces.models import User


@transaction.atomic
def toggle(segment: Segment, *, by: User) -> bool:
    """Give the segment a star, or take it away; whether it has one now."""
    _star, is_new = Star.objects.get_or_create(segment=segment, user=by)
    if not is_new:
        Star.objects.filter(segment=segment, user=by).delete()
    return is_new
