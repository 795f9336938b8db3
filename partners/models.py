from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from common.keys import KeyKind
from common.models import ApiKey
from workspaces.models import Workspace


class Partner(models.Model):
    """A technology partner. Its slug is in URLs and filters for good; its name may change."""

    slug = models.SlugField(_("slug"), max_length=50, unique=True)
    name = models.CharField(_("name"), max_length=255)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("technology partner")
        verbose_name_plural = _("technology partners")
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def filter_name(self) -> str:
        """What marketers choose its cohorts by."""
        return str(_("%(partner)s Cohorts") % {"partner": self.name})


class PartnerApiKey(ApiKey):
    """Says which partner is calling. Issued to the partner by whoever runs Quayside."""

    kind = KeyKind.PARTNER_API

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="api_keys")

    class Meta(ApiKey.Meta):
        verbose_name = _("partner API key")
        verbose_name_plural = _("partner API keys")


class DataImportKey(ApiKey):
    """Lets one partner upload into one workspace; its `client_secret` in the calls."""

    kind = KeyKind.DATA_IMPORT

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="data_import_keys")
    partner = models.ForeignKey(Partner, models.CASCADE, related_name="data_import_keys")

    class Meta(ApiKey.Meta):
        verbose_name = _("data import key")
        verbose_name_plural = _("data import keys")


class Integration(models.Model):
    """That a partner is connected to a workspace: made by its first data import key there."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="integrations")
    partner = models.ForeignKey(Partner, models.CASCADE, related_name="integrations")
    created_at = models.DateTimeField(_("connected"), db_default=Now(), editable=False)
    disabled_at = models.DateTimeField(_("disabled"), null=True, blank=True)
    # When somebody said that the partner has endpoint and key.
    handed_over_at = models.DateTimeField(_("handed over"), null=True, blank=True)

    class Meta:
        verbose_name = _("integration")
        verbose_name_plural = _("integrations")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "partner"], name="partners_integration_one_per_workspace"
            )
        ]

    def __str__(self) -> str:
        return f"{self.partner} in {self.workspace}"


class RequestCount(models.Model):
    """Accepted requests of one hour, spread over slots so that a partner's cohorts don't queue.

    The hour's limit counts by them, and health shows them for as long as they are kept.
    """

    pk = models.CompositePrimaryKey("workspace_id", "partner_id", "hour", "slot")
    workspace_id = models.BigIntegerField()
    partner_id = models.BigIntegerField()
    hour = models.DateTimeField()
    slot = models.PositiveSmallIntegerField()
    accepted = models.PositiveIntegerField()
    ids = models.BigIntegerField(db_default=0)
    last_accepted_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.accepted} at {self.hour}"


class HourlyFigures(models.Model):
    """What else happened in an hour: calls that `RequestCount` doesn't count, and matching.

    Written beside the hot path, slot 0 for calls and the others for what was applied, so
    that neither waits for the other. Workspace 0 stands for calls that named none.
    """

    pk = models.CompositePrimaryKey("workspace_id", "partner_id", "hour", "slot")
    workspace_id = models.BigIntegerField()
    partner_id = models.BigIntegerField()
    hour = models.DateTimeField()
    slot = models.PositiveSmallIntegerField()
    refused = models.BigIntegerField(db_default=0)  # answered 4xx
    failed = models.BigIntegerField(db_default=0)  # answered 5xx
    unstored = models.BigIntegerField(db_default=0)  # answered 201: connection tests, replays
    last_error_at = models.DateTimeField(null=True)
    last_unstored_at = models.DateTimeField(null=True)
    ids_added = models.BigIntegerField(db_default=0)  # ids that applied requests asked to add
    ids_matched = models.BigIntegerField(db_default=0)  # those of them that named a user then

    def __str__(self) -> str:
        return f"{self.refused} refused at {self.hour}"


class LoggedCall(models.Model):
    """A line of the request log that the ledger of uploads doesn't keep anyway.

    Namings, connection tests, replays and refusals. Without a workspace it is the
    installation's, for administrators. Holds no secret, no payload and no user's id.
    """

    workspace_id = models.BigIntegerField(null=True)
    partner_id = models.BigIntegerField(null=True)
    at = models.DateTimeField(_("time"))
    path = models.CharField(_("path"), max_length=200)
    status = models.PositiveSmallIntegerField(_("status"))
    reason = models.CharField(_("reason"), max_length=40)
    errors = ArrayField(models.TextField(), default=list)  # particulars, as they were answered
    cohort = models.CharField(_("cohort id"), max_length=255)
    ids = models.PositiveIntegerField(_("ids"), null=True)
    request_id = models.UUIDField(_("request id"))
    address = models.GenericIPAddressField(_("address"), null=True)
    client_secret = models.CharField(_("data import key"), max_length=24)  # prefixes
    partner_api_key = models.CharField(_("partner API key"), max_length=24)

    class Meta:
        verbose_name = _("unattributed call")
        verbose_name_plural = _("installation log")
        indexes: ClassVar = [
            models.Index(fields=["workspace_id", "partner_id", "-id"], name="partners_log_recent"),
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.path}"


class IdempotencyRecord(models.Model):
    """A request that came with an Idempotency-Key, so that its twin is answered and not stored."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    partner = models.ForeignKey(Partner, models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    body_digest = models.BinaryField(max_length=32)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "partner", "key"],
                name="partners_idempotencyrecord_one_per_key",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["created_at"], name="partners_idempotency_age"),
        ]

    def __str__(self) -> str:
        return self.key
