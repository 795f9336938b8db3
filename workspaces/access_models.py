"""How people get in: invitations to a team, second factors, recovery codes.

Of none of them is the secret stored: an invitation and a recovery code are digested, the
secret of a second factor is sealed.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_otp.models import Device, ThrottlingMixin

from common.keys import KeyKind
from workspaces.roles import Role


class Invitation(models.Model):
    """Offers somebody a role in a workspace, by a link that works once and for a while."""

    kind = KeyKind.INVITATION

    workspace = models.ForeignKey(
        "workspaces.Workspace", models.CASCADE, related_name="invitations"
    )
    email = models.EmailField(_("email address"))
    role = models.CharField(_("role"), max_length=16, choices=Role.choices)
    public_id = models.CharField(max_length=12, unique=True, editable=False)
    digest = models.BinaryField(max_length=32, editable=False)
    pepper = models.PositiveSmallIntegerField(editable=False)
    created_at = models.DateTimeField(_("invited"), db_default=Now(), editable=False)
    created_by = models.CharField(_("invited by"), max_length=255, editable=False)
    expires_at = models.DateTimeField(_("expires"))
    accepted_at = models.DateTimeField(_("accepted"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering: ClassVar = ["-created_at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "email"],
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="workspaces_invitation_one_open",
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="workspaces_invitation_role"
            ),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def state(self) -> str:
        """`accepted`, `revoked`, `expired` or `open`."""
        if self.accepted_at is not None:
            return "accepted"
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at <= timezone.now() else "open"


class SecondFactor(ThrottlingMixin, Device):  # type: ignore[misc]
    """An app on somebody's phone that shows a new code every thirty seconds (RFC 6238).

    It is asked for once it was `confirmed` by a first code. `last_step` is the step of the
    last code that was taken: no code is taken twice.
    """

    name = None
    user = models.OneToOneField(
        "workspaces.User", models.CASCADE, related_name="second_factor", editable=False
    )
    sealed_secret = models.BinaryField(editable=False)
    pepper = models.PositiveSmallIntegerField(editable=False)
    drift = models.SmallIntegerField(default=0, editable=False)
    last_step = models.BigIntegerField(default=-1, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects: ClassVar[models.Manager[SecondFactor]] = models.Manager()

    class Meta:
        verbose_name = _("second factor")

    def __str__(self) -> str:
        return str(self.user)

    def get_throttle_factor(self) -> int:
        """Seconds to wait after the first wrong code; each further one doubles them."""
        return 1


class RecoveryCode(models.Model):
    """Stands in once for the second factor of somebody who lost their phone."""

    user = models.ForeignKey("workspaces.User", models.CASCADE, related_name="recovery_codes")
    digest = models.BinaryField(max_length=32, editable=False)
    pepper = models.PositiveSmallIntegerField(editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "digest"], name="workspaces_recoverycode_once"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
