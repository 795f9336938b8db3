from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from common.keys import KeyKind
from common.models import ApiKey
from workspaces.access_models import Invitation, RecoveryCode, SecondFactor
from workspaces.audit_log.words import words
from workspaces.roles import Role

__all__ = [
    "AuditEntry",
    "Invitation",
    "Membership",
    "RecoveryCode",
    "RestApiKey",
    "SecondFactor",
    "User",
    "WorkerHeartbeat",
    "Workspace",
]


class User(AbstractUser):
    """Someone who signs in to the dashboard. A superuser runs the whole installation."""

    last_workspace = models.ForeignKey(
        "Workspace", models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )

    # Counted up to end every session that there is.
    session_generation = models.PositiveIntegerField(default=0, editable=False)

    # Their role where they look; set for the length of a request (`workspaces.middleware`).
    look_up_role: Callable[[], str] | None = None

    class Meta:
        # A user is somebody in the audience; who signs in has an account.
        verbose_name = _("account")
        verbose_name_plural = _("accounts")

    def _get_session_auth_hash(self, secret: str | bytes | None = None) -> str:
        """Sessions end with a new password, as Django has it, and with a new generation."""
        return salted_hmac(
            "workspaces.models.User.session_auth_hash",
            f"{self.session_generation}:{self.password}",
            secret=secret,
            algorithm="sha256",
        ).hexdigest()

    @property
    def known_as(self) -> str:
        """What others in the team call them."""
        return self.get_full_name() or self.username


class Workspace(models.Model):
    """The tenant: identifiers, cohorts and segments are unique within one and never cross it."""

    slug = models.SlugField(_("slug"), max_length=50, unique=True)
    name = models.CharField(_("name"), max_length=255)
    waiting_retention_days = models.PositiveIntegerField(
        _("days that unknown ids wait"),
        default=30,
        help_text=_(
            "Counted from the day when a partner last named the id. Ids past it leave every "
            "cohort for good, within an hour if you lower the number; the audit log says how "
            "many. With 0 none wait: who appears later is in no cohort that named them before."
        ),
    )
    waiting_cap = models.PositiveBigIntegerField(
        _("most ids that may wait"),
        default=10_000_000,
        help_text=_(
            "Further unknown ids are counted as unknown and not kept. Lowering it removes nobody "
            "who waits already."
        ),
    )
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("workspace")
        verbose_name_plural = _("workspaces")
        ordering: ClassVar = ["slug"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """Somebody's place in the team of a workspace, and what they may do there."""

    workspace = models.ForeignKey(
        Workspace, models.CASCADE, related_name="memberships", verbose_name=_("workspace")
    )
    user = models.ForeignKey(
        User, models.CASCADE, related_name="memberships", verbose_name=_("person")
    )
    role = models.CharField(_("role"), max_length=16, choices=Role.choices)
    created_at = models.DateTimeField(_("since"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("team member")
        verbose_name_plural = _("team")
        ordering: ClassVar = ["user__username"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "workspace"], name="workspaces_membership_once"
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="workspaces_membership_role"
            ),
        ]

    def __str__(self) -> str:
        return str(self.user)


class RestApiKey(ApiKey):
    """Opens the REST API for one workspace, with the permissions that it lists."""

    kind = KeyKind.REST_API

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="rest_api_keys")
    permissions = ArrayField(models.CharField(max_length=64), default=list)
    allowed_networks = ArrayField(models.CharField(max_length=64), default=list, blank=True)

    class Meta(ApiKey.Meta):
        verbose_name = _("REST API key")
        verbose_name_plural = _("REST API keys")


class AuditEntry(models.Model):
    """Who did what to which object, written in the same transaction as the change."""

    workspace = models.ForeignKey(
        Workspace,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="audit_entries",
        verbose_name=_("workspace"),
    )
    at = models.DateTimeField(_("when"), db_default=Now(), editable=False)
    actor = models.CharField(_("who"), max_length=255)
    action = models.CharField(_("what"), max_length=64)
    object_type = models.CharField(_("kind of object"), max_length=64)
    object_id = models.CharField(_("object"), max_length=255)
    details = models.JSONField(_("details"), default=dict)
    # None for what a task or a command did.
    address = models.GenericIPAddressField(_("from where"), null=True, blank=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering: ClassVar = ["-at", "-id"]
        indexes: ClassVar = [
            models.Index(fields=["workspace", "-at"], name="workspaces_audit_recent"),
        ]

    def __str__(self) -> str:
        return words(self.action)


class WorkerHeartbeat(models.Model):
    """When a worker last ran something. A row, so that health needs no ping over Redis."""

    name = models.CharField(max_length=64, primary_key=True)
    beat_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name
