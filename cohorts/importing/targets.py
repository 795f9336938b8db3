"""The cohort that a file is for: one that there is, or a new one."""

from django.db import transaction
from django.utils.translation import gettext as _

from cohorts import naming, registry
from cohorts.models import Cohort
from partners.models import Partner
from workspaces import audit
from workspaces.models import Workspace

LONGEST_ID = 255


class InvalidCohort(ValueError):
    """Says in a sentence why there can't be such a cohort."""


@transaction.atomic
def find_or_create(
    workspace: Workspace, partner: Partner, external_id: str, *, name: str = "", by: audit.Actor
) -> Cohort:
    """The partner's cohort of that id. A new one gets the name, one that there is keeps its own.

    Raises `InvalidCohort`.
    """
    if not 0 < len(external_id) <= LONGEST_ID or "\0" in external_id:
        raise InvalidCohort(_("A cohort id has 1 to %(most)d characters.") % {"most": LONGEST_ID})
    here = Cohort.objects.filter(workspace=workspace, partner=partner, external_id=external_id)
    if (found := here.first()) is not None:
        return found
    cohort_id = registry.find_or_create(workspace.pk, partner.pk, external_id)
    cohort = Cohort.objects.select_related("workspace").get(pk=cohort_id)
    audit.record(
        workspace=workspace,
        by=by,
        action="cohort.created",
        object_type="cohort",
        object_id=external_id,
        details={"partner": partner.slug},
    )
    if name.strip():
        try:
            naming.rename(cohort, name=name, by=by)
        except naming.InvalidName as error:
            raise InvalidCohort(str(error)) from error
    return cohort
