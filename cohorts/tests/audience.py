"""Have a cohort changed by its partner's calls, and look at who is in it."""

from cohorts.models import Cohort, Upload
from cohorts.tests.factories import apply_all, members_of, outcome_of
from profiles.models import Identifier, Profile
from profiles.tests.backend import alias


def upload(tinyclues, *changes, cohort_id="spring"):
    """Have the changes accepted and applied; what became of their ids."""
    assert tinyclues.change(list(changes), cohort_id).status_code == 201
    apply_all()
    cohort = cohort_of(cohort_id)
    return outcome_of(cohort, Upload.objects.filter(cohort=cohort).latest("sequence").sequence)


def cohort_of(cohort_id="spring"):
    return Cohort.objects.get(external_id=cohort_id)


def members(cohort_id="spring"):
    """Who is in the cohort, each by the external id, else by the profile id."""
    found = members_of(cohort_of(cohort_id))
    named = dict(Profile.objects.filter(pk__in=found).values_list("pk", "external_id"))
    return {named.get(pk) or pk for pk in found}


def adds_devices(*device_ids):
    return {"device_ids": list(device_ids)}


def adds_aliases(*names):
    return {"aliases": [alias(name) for name in names]}


def owner(value):
    """The profile id that an identifier of that value stands for."""
    return Identifier.objects.get(value=value).profile_id
