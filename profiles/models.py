"""People, and the map that finds them.

`Identifier` answers one question, which profile id does this id stand for, by a single
index-only probe. Every matching rule is enforced when the map is written.
"""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from common.fields import BitmapField
from workspaces.models import Workspace

# Below, workspaces are named without a constraint: checking it took a quarter of an import's
# time, and put a lock on the one row of the workspace with every user created. Deleting a
# workspace goes through Django, which follows these keys.


class Profile(models.Model):
    """One person. Its id comes from a sequence that waiting ids draw from too, once only."""

    workspace = models.ForeignKey(
        Workspace, models.CASCADE, related_name="profiles", db_index=False, db_constraint=False
    )
    external_id = models.TextField(  # noqa: DJ001  # NULL is how anonymous is told apart
        _("external id"),
        null=True,
        blank=True,
        db_collation="C",
    )
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    updated_at = models.DateTimeField(_("updated"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        permissions: ClassVar = [("merge_profile", _("Can merge users"))]
        indexes: ClassVar = [
            models.Index(fields=["workspace", "updated_at", "id"], name="profiles_profile_recent"),
        ]

    def __str__(self) -> str:
        return self.external_id or str(_("Anonymous user"))

    @property
    def is_identified(self) -> bool:
        return self.external_id is not None


class IdentifierKind(models.IntegerChoices):
    EXTERNAL_ID = 1, _("external id")
    ALIAS = 2, _("alias")
    DEVICE = 3, _("device id")


class IdentifierState(models.IntegerChoices):
    """How an identifier takes part in matching."""

    LIVE = 1, _("live")
    # Named by a partner before we knew the user: the id stands for nobody yet.
    RESERVED = 2, _("waiting")
    # A device of an identified user: kept, but matching ignores it.
    MUTED = 3, _("device of an identified user")


class Identifier(models.Model):
    """One id by which a user can be named, compared byte for byte.

    The primary key covers `profile_id` and `state`, so that resolving never visits the
    table, and leads with the value, which makes a probe cheap (see the migration).
    """

    pk = models.CompositePrimaryKey("value", "kind", "label", "workspace_id")
    workspace = models.ForeignKey(
        Workspace,
        models.CASCADE,
        related_name="identifiers",
        db_index=False,
        db_constraint=False,
    )
    kind = models.PositiveSmallIntegerField(choices=IdentifierKind)
    label = models.TextField(default="", blank=True, db_collation="C")
    value = models.TextField(db_collation="C")
    profile_id = models.BigIntegerField()
    state = models.PositiveSmallIntegerField(choices=IdentifierState)
    last_named_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("identifier")
        verbose_name_plural = _("identifiers")
        indexes: ClassVar = [
            models.Index(fields=["profile_id"], name="profiles_identifier_profile"),
            models.Index(
                fields=["workspace", "last_named_at"],
                condition=models.Q(state=IdentifierState.RESERVED),
                name="profiles_identifier_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label}:{self.value}" if self.label else self.value


class KnownBlock(models.Model):
    """Which profile ids exist, block by block, up to what is still in `KnownChange`."""

    pk = models.CompositePrimaryKey("workspace_id", "number")
    workspace = models.ForeignKey(
        Workspace, models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    number = models.BigIntegerField()
    members = BitmapField()

    def __str__(self) -> str:
        return f"known block {self.number}"


class KnownChange(models.Model):
    """A profile that came or went and isn't folded into its block yet.

    New profiles all fall into the newest block; appending here spares them the queue for
    its row. Every read takes blocks and changes in one snapshot.
    """

    workspace = models.ForeignKey(
        Workspace, models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    profile_id = models.BigIntegerField()
    added = models.BooleanField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["workspace", "id"], name="profiles_knownchange_order"),
        ]

    def __str__(self) -> str:
        return f"{'+' if self.added else '-'}{self.profile_id}"


class FacetSubject(models.Model):
    """Something that users have values of: an attribute by its name, or a part of the profile.

    Made when the first value is folded, and kept: its number is in every page.
    """

    workspace = models.ForeignKey(
        Workspace, models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    origin = models.PositiveSmallIntegerField()
    name = models.TextField(db_collation="C")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "origin", "name"], name="profiles_facetsubject_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class FacetPage(models.Model):
    """Which users of a block have which values: a page of `profiles.facets.pages`.

    Up to what is still in `FacetChange`.
    """

    pk = models.CompositePrimaryKey("subject_id", "kind", "number", "low")
    subject = models.ForeignKey(
        FacetSubject, models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    kind = models.PositiveSmallIntegerField()
    number = models.BigIntegerField()
    low = models.BinaryField()
    below = BitmapField(null=True)
    members = BitmapField(null=True)
    detail = models.BinaryField()
    keys = models.IntegerField()
    positions = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.subject_id} in block {self.number}"


class FacetChange(models.Model):
    """Users of a block whose values changed and aren't folded yet.

    `names` are the attributes, all of them and everything else if NULL; an empty array
    stands for everything else alone.
    """

    workspace = models.ForeignKey(
        Workspace, models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    number = models.BigIntegerField()
    users = BitmapField()
    count = models.IntegerField()
    names = ArrayField(models.TextField(), null=True)
    noted_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["workspace", "number"], name="profiles_facetchange_block"),
        ]

    def __str__(self) -> str:
        return f"{self.count} users of block {self.number}"


class WaitingChange(models.Model):
    """By how much the number of waiting ids changed; the sum over a workspace is that number.

    Appended rather than updated, so that applies of different cohorts don't queue; folded
    into one row by the same task that folds `KnownChange`.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+", db_constraint=False)
    change = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.change:+d}"


class ActivityKind(models.IntegerChoices):
    EVENT = 1, _("event")
    PURCHASE = 2, _("purchase")


class Activity(models.Model):
    """How often a user did something, by its name: how many times, first and last."""

    pk = models.CompositePrimaryKey("profile_id", "kind", "name")
    workspace = models.ForeignKey(
        Workspace, models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    profile_id = models.BigIntegerField()
    kind = models.PositiveSmallIntegerField(choices=ActivityKind)
    name = models.TextField(db_collation="C")
    count = models.PositiveBigIntegerField(_("times"))
    first_at = models.DateTimeField(_("first"))
    last_at = models.DateTimeField(_("last"))

    def __str__(self) -> str:
        return f"{self.name} ({self.count})"


class DeletedId(models.Model):
    """That an id's user was deleted, and when: uploads accepted before then must skip it.

    Only a keyed digest is kept, until everything accepted before is applied.
    """

    workspace = models.ForeignKey(
        Workspace, models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    digest = models.BinaryField(max_length=32)
    pepper = models.PositiveSmallIntegerField()
    deleted_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["workspace", "deleted_at"], name="profiles_deletedid_recent"),
        ]

    def __str__(self) -> str:
        return f"deleted {self.deleted_at}"
