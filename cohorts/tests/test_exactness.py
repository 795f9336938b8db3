"""Whatever calls come in whatever order, users and memberships are what the rules say, exactly.

Random calls are played on the product and on `cohorts.tests.reference`. After each of them
both must have answered the same, and have the same users, memberships and counts.
"""

from itertools import count

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from cohorts.tests.product import Product
from cohorts.tests.reference import ALIAS, DEVICE, EXTERNAL_ID, Item, Reference

# So few names that calls are about the same users, and some are alike across kinds.
EXTERNAL_IDS = [(EXTERNAL_ID, "ana"), (EXTERNAL_ID, "bob"), (EXTERNAL_ID, "cleo")]
ALIASES = [(ALIAS, "crm", "ana"), (ALIAS, "crm", "bob"), (ALIAS, "shop", "ana")]
DEVICES = [(DEVICE, "phone"), (DEVICE, "tablet"), (DEVICE, "ana")]
RENAMINGS = [(old, new) for old in ALIASES for new in ALIASES if old[1] == new[1]]
COHORTS = ["spring", "summer"]

external_ids, aliases, devices = map(st.sampled_from, (EXTERNAL_IDS, ALIASES, DEVICES))
cohorts = st.sampled_from(COHORTS)
places = st.integers(0, 3)
days_kept = st.sampled_from([30, 30, 30, 30, 0])
caps = st.sampled_from([10_000, 10_000, 3])


def several(strategy):
    return st.lists(strategy, min_size=2, max_size=4)


attributes = st.dictionaries(st.sampled_from(["city", "plan"]), st.sampled_from(["a", "b", None]))
details = (attributes, st.sampled_from([False, None, True]))
many_devices = st.lists(devices, max_size=2, unique=True)
some_devices = st.lists(devices, min_size=1, max_size=2, unique=True)
items = st.one_of(
    st.builds(Item, external_ids, many_devices, *details),
    st.builds(Item, aliases, many_devices, *details),
    st.builds(Item, st.none(), some_devices, *details),
)
requests = st.lists(
    st.tuples(
        st.lists(external_ids | aliases | devices, min_size=1, max_size=6),
        st.sampled_from([False, False, True]),
    ),
    max_size=3,
)
files = st.one_of(several(st.tuples(ids, attributes)) for ids in (external_ids, aliases, devices))
names = st.one_of(st.lists(ids, min_size=1, max_size=5) for ids in (external_ids, aliases))
events = st.sampled_from(["opened", "bought"])
workspaces = count()


class Calls(RuleBasedStateMachine):
    @initialize(keep_days=days_kept, cap=caps, items=several(items), requests=several(requests))
    def begin(self, keep_days, cap, items, requests):
        room = {"keep_days": keep_days, "cap": cap}
        self.reference = Reference(COHORTS, **room)
        self.product = Product(f"acme-{next(workspaces)}", COHORTS, **room)
        self.track(items)
        for cohort in COHORTS:
            self.upload(cohort, requests)
            self.apply(cohort, most_ids=8)

    def both(self, call, *arguments, **options):
        told = getattr(self.product, call)(*arguments, **options)
        assert told == getattr(self.reference, call)(*arguments, **options)

    @rule(items=several(items))
    def track(self, items):
        self.both("track", items)

    @rule(item=st.builds(Item, places, many_devices, *details))
    def track_by_profile_id(self, item):
        self.both("track", [item])

    @rule(items=several(st.tuples(external_ids | aliases, events)))
    def track_events(self, items):
        self.both("track_events", items)

    @rule(items=several(st.tuples(aliases, st.none() | external_ids)))
    def alias_new(self, items):
        self.both("alias_new", items)

    @rule(items=several(st.sampled_from(RENAMINGS)))
    def alias_update(self, items):
        self.both("alias_update", items)

    @rule(items=several(st.tuples(aliases, external_ids)))
    def identify(self, items):
        self.both("identify", items)

    @rule(items=several(st.tuples(external_ids | aliases, external_ids | aliases)))
    def merge(self, items):
        self.both("merge", items)

    @rule(item=st.tuples(places, places | external_ids))
    def merge_by_profile_id(self, item):
        self.both("merge", [item])

    @rule(names=names)
    def delete(self, names):
        self.both("delete", names)

    @rule(names=names, cohort=cohorts, request=requests)
    def delete_while_uploading(self, names, cohort, request):
        self.both("delete_while_uploading", names, cohort, request)

    @rule(names=st.lists(places, min_size=1, max_size=2))
    def delete_by_profile_id(self, names):
        self.both("delete", names)

    @rule(rows=files, form=st.sampled_from(["csv", "ndjson"]))
    def import_users(self, rows, form):
        self.both("import_users", rows, form)

    @rule(cohort=cohorts, requests=several(requests))
    def upload(self, cohort, requests):
        for request in requests:
            self.both("upload", cohort, request)

    @rule(cohort=cohorts, most_ids=st.sampled_from([1, 3, 8, 1_000]))
    def apply(self, cohort, most_ids):
        outcomes = self.product.apply(cohort, most_ids)
        assert outcomes == self.reference.apply(cohort, len(outcomes))

    @rule(days=st.sampled_from([1, 20, 40]), keep_days=days_kept)
    def purge(self, days, keep_days):
        self.both("let_days_pass", days)
        self.both("purge", keep_days=keep_days)

    @rule()
    def tidy(self):
        self.product.tidy()

    @invariant()
    def the_same_people_are_in_the_same_cohorts(self):
        assert self.product.picture() == self.reference.picture()

    def teardown(self):
        for cohort in COHORTS:
            self.apply(cohort, most_ids=10_000)
        self.the_same_people_are_in_the_same_cohorts()
        self.product.check()


def play(sequences):
    run_state_machine_as_test(
        Calls,
        settings=settings(
            max_examples=sequences,
            stateful_step_count=16,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.django_db(transaction=True)
def test_whatever_is_called_users_and_memberships_follow_the_rules():
    play(30)


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_users_and_memberships_follow_the_rules_at_length():
    play(500)
