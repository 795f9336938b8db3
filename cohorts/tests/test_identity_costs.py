"""What calls about identities cost and leave in the audit log: by the call, not by the item."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cohorts.patches import STAGGERED
from cohorts.tests.audience import upload
from cohorts.tests.factories import adds, make_users
from common.bitmaps import BLOCK_SIZE
from profiles import aliases, deletion, merging, rules
from profiles.aliases import NewAlias, Renaming
from profiles.merging import Identification, Merge
from profiles.tests.backend import alias, customer, user, visitor
from workspaces.models import AuditEntry

pytestmark = pytest.mark.django_db

MANY = 50

# The next id that is a multiple of the step: sequences go on from one test to the next.
ROUND_UP = """
SELECT setval(sequence, (nextval(sequence) / %s + 1) * %s, false)
  FROM CAST(pg_get_serial_sequence(%s, 'id') AS regclass) AS sequence
"""


@pytest.fixture(autouse=True)
def _users_in_one_block_of_cohorts_with_small_patches(db):
    """When a patch is worked into its block goes by the cohort's id and by who shares a block."""
    with connection.cursor() as cursor:
        for table, step in (("profiles_profile", BLOCK_SIZE), ("cohorts_cohort", STAGGERED)):
            cursor.execute(ROUND_UP, [step, step, table])


def queries_of(work):
    with CaptureQueriesContext(connection) as queries:
        work()
    return len(queries)


def in_cohorts(tinyclues, name):
    """Users who are known by what `name` makes of numbers, all of them in two cohorts."""
    for cohort_id in ("spring", "summer"):
        upload(tinyclues, *(name(number) for number in range(MANY + 1)), cohort_id=cohort_id)


def by_alias(number):
    return rules.alias("crm", str(number))


def customers(shop, prefix):
    make_users(shop.workspace, [f"{prefix}{number}" for number in range(MANY + 1)])


def visitors(shop):
    aliases.add(
        shop.workspace,
        [NewAlias(number, by_alias(number), None) for number in range(MANY + 1)],
        by="tests",
    )


def few_and_many(act):
    """Queries of one item, and of fifty at once."""
    return queries_of(lambda: act([0])), queries_of(lambda: act(range(1, MANY + 1)))


def test_identifying_as_new_users_costs_as_many_queries_for_fifty_as_for_one(shop, tinyclues):
    visitors(shop)
    in_cohorts(tinyclues, lambda number: {"aliases": [alias(str(number))]})

    few, many = few_and_many(
        lambda numbers: merging.identify(
            shop.workspace,
            [Identification(n, by_alias(n), rules.external_id(f"new {n}")) for n in numbers],
            by="tests",
        )
    )

    # Savepoint, lock, who is named, all their identifiers; the new identifiers, the users;
    # changed values; the audit rows, the end.
    assert few == many == 9


def test_identifying_as_users_who_exist_costs_as_many_queries_for_fifty_as_for_one(shop, tinyclues):
    visitors(shop)
    customers(shop, "user ")
    in_cohorts(tinyclues, lambda number: {"aliases": [alias(str(number))]})

    few, many = few_and_many(
        lambda numbers: merging.identify(
            shop.workspace,
            [Identification(n, by_alias(n), rules.external_id(f"user {n}")) for n in numbers],
            by="tests",
        )
    )

    # Savepoint, lock, who is named, all their identifiers; the changed identifiers locked and
    # written; what the survivors gain, who is gone, from known too; changed values; what
    # they did; the bits, and whether files hold some; the audit rows, the end. Fifty bits of
    # a block are worked into it: it is read and written.
    assert (few, many) == (15, 15 + 2)


def test_merging_costs_as_many_queries_for_fifty_as_for_one(shop, tinyclues):
    customers(shop, "a")
    customers(shop, "b")
    in_cohorts(tinyclues, lambda number: adds(f"a{number}"))

    few, many = few_and_many(
        lambda numbers: merging.merge(
            shop.workspace,
            [Merge(n, rules.external_id(f"a{n}"), rules.external_id(f"b{n}")) for n in numbers],
            by="tests",
        )
    )

    # As identifying as users who exist.
    assert (few, many) == (15, 15 + 2)


def test_deleting_costs_as_many_queries_for_fifty_as_for_one(shop, tinyclues):
    customers(shop, "user ")
    in_cohorts(tinyclues, lambda number: adds(f"user {number}"))

    few, many = few_and_many(
        lambda numbers: deletion.delete(
            shop.workspace,
            keys=[rules.external_id(f"user {number}") for number in numbers],
            by="tests",
        )
    )

    # Savepoint, lock, who is named, all their identifiers; those locked and removed; who is
    # gone, from known too; changed values; what they did; the bits, and whether files hold
    # some; the audit rows, pending requests, tombstones, the end. And the block that fifty
    # bits are worked into.
    assert (few, many) == (16, 16 + 2)


def test_new_aliases_and_renamings_cost_as_many_queries_for_fifty_as_for_one(shop):
    customers(shop, "user ")

    added = few_and_many(
        lambda numbers: aliases.add(
            shop.workspace,
            [NewAlias(n, by_alias(n), rules.external_id(f"user {n}")) for n in numbers],
            by="tests",
        )
    )
    renamed = few_and_many(
        lambda numbers: aliases.rename(
            shop.workspace,
            [Renaming(n, by_alias(n), by_alias(n + 1000)) for n in numbers],
            by="tests",
        )
    )

    # Savepoint, two locks, who is named, all their identifiers; the aliases; changed values;
    # the audit row, end.
    assert added == (9, 9)
    # One lock; the new names, the old ones locked and removed.
    assert renamed == (10, 10)


def test_one_audit_row_for_each_who_changed_and_one_for_each_call_about_aliases(shop):
    shop.track(customer("ana"), customer("bob"), visitor("7"), visitor("8"))
    ana, bob = (shop.known_by(name).pk for name in ("ana", "bob"))
    AuditEntry.objects.all().delete()

    shop.alias_new({**user("ana"), **alias("9")}, alias("10"), {**user("ana"), **alias("11")})
    shop.alias_update({"alias_label": "crm", "old_alias_name": "9", "new_alias_name": "12"})
    shop.identify((alias("7"), "eve"), (alias("8"), "bob"), (alias("x"), "bob"))
    eve = shop.known_by("eve").pk
    shop.merge((user("bob"), user("ana")))
    shop.delete("ana", "nobody")

    rows = AuditEntry.objects.order_by("id")
    assert {row.workspace for row in rows} == {shop.workspace}
    assert {row.actor for row in rows} == {shop.key[: len(rows[0].actor)]}
    (eight,) = [row.object_id for row in rows if row.details.get("into") == bob]
    assert [(row.action, row.object_id, row.details) for row in rows] == [
        ("users.alias.new", str(shop.workspace.pk), {"aliases": 2, "created": 1}),
        ("users.alias.update", str(shop.workspace.pk), {"aliases": 1, "created": 0}),
        ("user.identified", str(eve), {}),
        ("user.identified", eight, {"into": bob}),
        ("user.merged", str(bob), {"into": ana}),
        ("user.deleted", str(ana), {}),
    ]
