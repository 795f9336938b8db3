"""Put cohorts away that nobody needs any more, and take them back. Members stay as they are."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from cohorts import usage
from cohorts.models import Cohort
from cohorts.usage import Use
from workspaces import audit


class CohortInUse(ValueError):
    """Names what uses the cohort."""

    def __init__(self, cohort: Cohort, users: Sequence[Use]) -> None:
        names = ", ".join(f"{use.kind} {use.name}" for use in users)
        super().__init__(
            _("%(cohort)s can't be archived: it is used by %(names)s.")
            % {"cohort": cohort, "names": names}
        )
        self.users = users


def archive(cohort: Cohort, *, by: audit.Actor) -> None:
    """Take the cohort out of lists and pickers; what its partner sends is applied all the same.

    Archiving an archived one changes nothing. Raises `CohortInUse`.
    """
    uses = usage.uses(cohort.workspace_id, [cohort])[cohort.pk]
    if users := [use for use in uses if not use.through]:
        raise CohortInUse(cohort, users)
    _change(cohort, archived=True, by=by)


def restore(cohort: Cohort, *, by: audit.Actor) -> None:
    """Undo `archive`."""
    _change(cohort, archived=False, by=by)


@transaction.atomic
def _change(cohort: Cohort, *, archived: bool, by: audit.Actor) -> None:
    before = Cohort.objects.filter(pk=cohort.pk, archived_at__isnull=archived)
    if before.update(archived_at=Now() if archived else None):
        audit.record(
            workspace=cohort.workspace,
            by=by,
            action="cohort.archived" if archived else "cohort.restored",
            object_type="cohort",
            object_id=cohort.external_id,
        )
