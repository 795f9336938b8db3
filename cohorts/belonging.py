"""The cohorts that users are in: the cohorts' part of `profiles.belonging`."""

from collections.abc import Sequence

from django.urls import reverse

from cohorts import arrivals
from cohorts.lookup import held
from cohorts.models import Cohort
from common.snapshots import snapshot
from profiles.belonging import Belonging


def read(workspace_id: int, profile_ids: Sequence[int]) -> dict[int, list[Belonging]]:
    """For every id, existing or waiting, the cohorts that hold it, archived ones too, by name.

    Three queries, however many cohorts and ids.
    """
    with snapshot():
        members = held(workspace_id, profile_ids)
        arrived = arrivals.find(members)
        cohorts = Cohort.objects.select_related("partner").in_bulk(members)
    found: dict[int, list[Belonging]] = {profile_id: [] for profile_id in profile_ids}
    for cohort in sorted(cohorts.values(), key=lambda each: (each.display_name, each.pk)):
        path = reverse("admin:cohorts_cohort_change", args=[cohort.pk])
        for profile_id in members[cohort.pk]:
            arrival = arrived.get((cohort.pk, profile_id))
            found[profile_id].append(
                Belonging(
                    name=cohort.display_name,
                    id=cohort.external_id,
                    path=path,
                    partner=cohort.partner.name,
                    partner_slug=cohort.partner.slug,
                    since=arrival.applied_at if arrival else None,
                    source=str(arrival.sequence) if arrival else "",
                )
            )
    return found
