"""Which cohorts there are, and what they are called."""

from datetime import datetime

from django.db import connection, transaction

from cohorts.models import Cohort, CohortCursor, CohortHead, FormerName


def find_or_create(workspace_id: int, partner_id: int, external_id: str) -> int:
    """Id of the cohort, made on its first naming together with its head and cursor.

    Belongs inside a transaction: two calls that name it at once wait for one another on
    the unique constraint, and the loser finds the winner's row.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO cohorts_cohort (workspace_id, partner_id, external_id, name,
                                        export_file_name)
            VALUES (%s, %s, %s, '', '') ON CONFLICT DO NOTHING RETURNING id
            """,
            [workspace_id, partner_id, external_id],
        )
        inserted = cursor.fetchone()
    if inserted is None:
        return Cohort.objects.values_list("id", flat=True).get(
            workspace_id=workspace_id, partner_id=partner_id, external_id=external_id
        )
    (cohort_id,) = inserted
    CohortHead.objects.create(cohort_id=cohort_id)
    CohortCursor.objects.create(cohort_id=cohort_id)
    return int(cohort_id)


@transaction.atomic
def name(
    cohort_id: int, *, name: str, created_at: datetime, export_file_name: str | None = None
) -> None:
    """Give a cohort its name, keeping the one it had so that searching it still works.

    The first creation time stays, the last one sent is stored beside it: clients send a
    new value on every call. Repeating the call changes nothing.
    """
    cohort = Cohort.objects.select_for_update(no_key=True).get(pk=cohort_id)
    if cohort.name and cohort.name != name:
        FormerName.objects.get_or_create(cohort=cohort, name=cohort.name)
    cohort.name = name
    cohort.first_created_at = cohort.first_created_at or created_at
    cohort.last_created_at = created_at
    if export_file_name is not None:
        cohort.export_file_name = export_file_name
    cohort.save(update_fields=["name", "first_created_at", "last_created_at", "export_file_name"])
