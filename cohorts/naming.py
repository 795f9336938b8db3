"""What people here call a cohort, whatever its partner does.

Partners repeat a cohort's name with every export, so a name given here is kept beside theirs
and shown instead of it until it is taken back.
"""

from django.db import transaction
from django.utils.translation import gettext as _

from cohorts.models import Cohort, FormerName
from workspaces import audit

LONGEST = 255


class InvalidName(ValueError):
    """Says in a sentence why a cohort can't be called that."""


@transaction.atomic
def rename(cohort: Cohort, *, name: str, by: audit.Actor) -> None:
    """Show the cohort under that name from now on; blank shows the partner's again.

    The name that it was shown under stays in its history, so that searching it still works.

    Raises `InvalidName`.
    """
    name = name.strip()
    if len(name) > LONGEST or "\0" in name:
        raise InvalidName(_("A name has up to %(most)d characters.") % {"most": LONGEST})
    locked = Cohort.objects.select_for_update(no_key=True).get(pk=cohort.pk)
    before = locked.display_name
    locked.own_name = "" if name == locked.name else name
    if locked.display_name == before:
        return
    if before != locked.external_id:
        FormerName.objects.get_or_create(cohort=locked, name=before)
    locked.save(update_fields=["own_name"])
    cohort.own_name = locked.own_name
    audit.record(
        workspace=locked.workspace,
        by=by,
        action="cohort.renamed",
        object_type="cohort",
        object_id=locked.external_id,
        details={"from": before, "to": locked.display_name},
    )
