from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.keys import KeyKind


class ApiKey(models.Model):
    """What is kept of a key: its public id and a keyed digest, nothing that can be replayed."""

    kind: ClassVar[KeyKind]

    public_id = models.CharField(_("public id"), max_length=12, unique=True, editable=False)
    last_four = models.CharField(max_length=4, editable=False)
    digest = models.BinaryField(max_length=32, editable=False)
    pepper = models.PositiveSmallIntegerField(editable=False)
    label = models.CharField(_("label"), max_length=255, blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    created_by = models.CharField(_("created by"), max_length=255, editable=False)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    invalidated_at = models.DateTimeField(_("invalidated"), null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    last_used_from = models.GenericIPAddressField(
        _("last used from"), null=True, blank=True, editable=False
    )

    class Meta:
        abstract = True
        ordering: ClassVar = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.prefix

    @property
    def prefix(self) -> str:
        return f"qs_{self.kind}_{self.public_id}"

    @property
    def state(self) -> str:
        """`live`, `invalidated` or `expired`."""
        if self.invalidated_at is not None:
            return "invalidated"
        if self.expires_at is not None and self.expires_at <= timezone.now():
            return "expired"
        return "live"


def newest_pepper() -> tuple[int, bytes]:
    """Number and bytes of the pepper that new keys are digested under."""
    number = max(settings.PEPPERS)
    return number, settings.PEPPERS[number]
