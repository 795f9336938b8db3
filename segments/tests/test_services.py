import threading

import pytest
from django.db import connection

from segments import services
from segments.models import Segment
from segments.reading import InvalidTree
from segments.services import InvalidSegment, NameTaken, SegmentInUse
from segments.tests.trees import cohort, group, make_cohort, segment, tree
from segments.tree import parse
from tests.factories import BY, make_operator, make_workspace
from workspaces.models import AuditEntry

EVERYONE = parse(tree())


def make_segment(workspace, name="Buyers", filters=EVERYONE):
    return services.create(workspace, name=name, filters=filters, by=BY)


def naming(*segments):
    return parse(tree(group(*[segment(one) for one in segments])))


def test_a_new_segment_is_stored_with_who_made_it(acme):
    olga = make_operator()
    make_cohort(acme, "spring")
    filters = tree(group(cohort("spring"), name="Spring"))

    made = services.create(
        acme,
        name=" Buyers ",
        filters=parse(filters),
        description="They buy.",
        tags=["shop", "shop"],
        by=olga,
    )

    made = Segment.objects.get(pk=made.pk)
    assert (made.name, made.description, made.tags) == ("Buyers", "They buy.", ["shop"])
    assert (made.filters, made.updated_by) == (filters, "olga")
    entry = AuditEntry.objects.get(action="segment.created")
    assert (entry.workspace, entry.actor, entry.object_id) == (acme, "olga", str(made.pk))


def test_a_change_says_what_it_was_before(acme):
    made = make_segment(acme)

    services.update(made, description="They buy.", by=BY)

    entry = AuditEntry.objects.get(action="segment.changed")
    assert entry.details == {"description": {"from": "", "to": "They buy."}}


def test_a_change_of_nothing_leaves_no_trace(acme):
    made = make_segment(acme)

    services.update(made, name="Buyers", filters=EVERYONE, tags=[], by=BY)

    assert not AuditEntry.objects.filter(action="segment.changed").exists()


def test_a_name_is_used_once(acme):
    make_segment(acme)

    with pytest.raises(NameTaken):
        make_segment(acme)
    with pytest.raises(NameTaken):
        services.rename(make_segment(acme, "Others"), name="Buyers", by=BY)


def test_another_workspace_may_use_the_name_too(acme):
    make_segment(acme)

    make_segment(make_workspace("globex"))


def test_an_archived_segment_leaves_its_name_behind(acme):
    first = make_segment(acme)
    services.archive(first, by=BY)
    second = make_segment(acme)

    with pytest.raises(NameTaken):
        services.restore(first, by=BY)
    services.rename(second, name="Others", by=BY)
    services.restore(first, by=BY)

    assert set(Segment.objects.active()) == {first, second}
    assert AuditEntry.objects.filter(action="segment.restored").count() == 1


def test_a_blank_name_is_refused(acme):
    with pytest.raises(InvalidSegment):
        make_segment(acme, "  ")


def test_a_segment_in_use_isnt_archived(acme):
    used = make_segment(acme)
    user = make_segment(acme, "VIPs", naming(used))

    with pytest.raises(SegmentInUse, match="Buyers is used by segment VIPs") as refused:
        services.archive(used, by=BY)
    assert [use.name for use in refused.value.uses] == ["VIPs"]

    services.archive(user, by=BY)
    services.archive(used, by=BY)
    assert not Segment.objects.active().exists()


def test_a_use_in_an_exclusion_is_a_use(acme):
    used = make_segment(acme)
    make_segment(acme, "VIPs", parse(tree(exclusions=[group(segment(used))])))

    with pytest.raises(SegmentInUse):
        services.archive(used, by=BY)


def test_segments_that_name_a_cohort_are_found(acme):
    for partner in ("tinyclues", "segment"):
        make_cohort(acme, "spring", partner=partner)
    make_cohort(acme, "summer")
    filters = tree(group(cohort("summer"), cohort("summer", "spring")))
    both = make_segment(acme, filters=parse(filters))

    assert list(Segment.objects.naming_cohort("tinyclues", "spring")) == [both]
    assert not Segment.objects.naming_cohort("segment", "spring").exists()


def test_a_circle_is_refused_naming_it(acme):
    buyers = make_segment(acme, "Buyers")
    spenders = make_segment(acme, "Spenders", naming(buyers))
    others = make_segment(acme, "Others")
    vips = make_segment(acme, "VIPs", naming(spenders, others))

    with pytest.raises(InvalidTree) as refused:
        services.update(buyers, filters=naming(others, vips), by=BY)

    (problem,) = refused.value.problems
    assert problem == (
        "filters.groups[0].filters[1].segment would form a circle: "
        "Buyers, which uses VIPs, which uses Spenders, which uses Buyers"
    )


def test_a_segment_cant_be_made_of_itself(acme):
    buyers = make_segment(acme)

    with pytest.raises(InvalidTree, match="would form a circle: Buyers, which uses Buyers"):
        services.update(buyers, filters=naming(buyers), by=BY)


@pytest.mark.django_db(transaction=True)
def test_two_changes_at_once_dont_close_a_circle():
    acme = make_workspace("acme")
    buyers, vips = make_segment(acme, "Buyers"), make_segment(acme, "VIPs")
    barrier = threading.Barrier(2)
    refused = []

    def use(changed, used):
        try:
            barrier.wait()
            services.update(changed, filters=naming(used), by=BY)
        except InvalidTree as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=use, args=pair) for pair in ((buyers, vips), (vips, buyers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(refused) == 1
