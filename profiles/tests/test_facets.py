"""Pages of values: packed, folded, read and proved."""

import io
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap64

from common.snapshots import snapshot
from profiles.facets import changes, current, folding, pages
from profiles.facets.asks import AnyOf, Ask, attribute
from profiles.facets.pages import END, Page, pack
from profiles.facets.reading import Reader
from profiles.facets.values import ValueKind, number_key, text_key, time_key
from profiles.known import read_known
from profiles.models import FacetChange, FacetPage, Profile
from profiles.tests.backend import BackEnd, customer
from tests.factories import make_workspace

numbers = st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
moments = st.datetimes(timezones=st.just(UTC))


@given(numbers, numbers)
def test_keys_of_numbers_are_in_the_order_of_numbers(one, other):
    assert (number_key(one) < number_key(other)) is (one < other)
    assert (number_key(one) == number_key(other)) is (one == other)
    assert number_key(one) < END


@given(moments, moments)
def test_keys_of_times_are_in_the_order_of_times(one, other):
    assert (time_key(one) < time_key(other)) is (one < other)
    assert time_key(one) < END


@given(st.text(), st.text())
def test_keys_of_texts_tell_apart_what_differs_in_more_than_case(one, other):
    assert text_key(one.upper()) == text_key(one.lower()) or "ı" in one or not one.isascii()
    assert text_key(one + "x") != text_key(one)
    if one.isascii() and other.isascii():
        assert (text_key(one) == text_key(other)) is (one.lower() == other.lower())


columns = st.dictionaries(
    st.binary(min_size=1, max_size=4).filter(lambda key: key < b"\xff"),
    st.sets(st.integers(0, 65_535), min_size=1, max_size=6).map(sorted),
    max_size=30,
)


@given(columns, st.binary(min_size=1, max_size=4), st.sampled_from([1, 3, 1_024]))
def test_a_column_comes_back_from_its_pages_and_one_page_knows_a_key(column, key, full):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "FULL", full)
        rows = list(pack(column, ValueKind.NUMBER))

    assert [row.low for row in rows] == sorted(row.low for row in rows)
    stored = [(row, Page(row.members, row.detail)) for row in rows]
    unpacked = {key: sorted(held) for _row, page in stored for key, held in page.column()}
    assert unpacked == column
    for row, page in stored:
        before = BitMap64.deserialize(row.below)
        assert before == BitMap64(p for key in column if key < row.low for p in column[key])
        assert page.having(key) <= BitMap64(column.get(key, []))
    if at := [(row, page) for row, page in stored if row.low <= key]:
        row, page = at[-1]
        assert page.having(key) == BitMap64(column.get(key, []))
        below = BitMap64.deserialize(row.below) | page.under(key)
        assert below == BitMap64(p for each in column if each < key for p in column[each])
    part = key[:1]
    found = BitMap64().union(*(held for _row, page in stored for held in page.containing(part)))
    assert found == BitMap64(p for each in column if part in each for p in column[each])


def having(workspace, name, text):
    """How many users the pages, put right, say have that text."""
    ask = Ask(attribute(name), ValueKind.TEXT, AnyOf(frozenset({text_key(text)})))
    with snapshot():
        known = read_known(workspace.pk)
        answers = Reader(workspace.pk, [ask]).read(list(known))
        return sum(len(known[number] & found[ask]) for number, found in answers.items())


@pytest.mark.django_db
def test_few_and_fresh_changes_wait_and_old_or_many_are_folded(monkeypatch):
    back_end = BackEnd("acme")
    back_end.track(customer("ana", country="FR"))

    assert folding.fold_due() == 0
    FacetChange.objects.update(noted_at=datetime.now(UTC) - timedelta(minutes=1))
    assert folding.fold_due() == 1
    back_end.track(customer("ana", country="ES"))
    monkeypatch.setattr(folding, "MOST_UNFOLDED", 0)
    assert folding.fold_due() == 1
    assert not FacetChange.objects.exists()
    assert having(back_end.workspace, "country", "es") == 1


@pytest.mark.django_db
def test_workspaces_take_turns_and_the_fullest_block_of_each_comes_first(monkeypatch):
    acme, globex = (make_workspace(name).pk for name in ("acme", "globex"))
    changes.note(acme, ([1, 2, 3], None), ([1 << 16], None), ([2 << 16, 131_073], None))
    changes.note(globex, ([1], None))

    monkeypatch.setattr(folding, "MOST_UNFOLDED", 0)
    assert folding.due() == [(acme, 0), (globex, 0), (acme, 2), (acme, 1)]
    monkeypatch.setattr(folding, "MOST_UNFOLDED", 3)
    assert folding.due() == [(acme, 0)]


@pytest.mark.django_db
def test_a_fold_that_runs_out_of_time_goes_on_where_it_was(monkeypatch):
    monkeypatch.setattr(folding, "LONGEST_SECONDS", 0)
    monkeypatch.setattr(current, "AT_ONCE", 2)
    back_end = BackEnd("acme")
    back_end.track(*(customer(name, country="FR") for name in ("a", "b", "c", "d", "e")))

    assert folding.fold_all(back_end.workspace.pk) == 3

    assert not FacetChange.objects.exists()
    assert having(back_end.workspace, "country", "fr") == 5
    call_command("check_membership", stdout=io.StringIO())


@pytest.mark.django_db
def test_values_that_are_written_otherwise_share_a_key_where_filters_see_no_difference():
    back_end = BackEnd("acme")
    values = {"a": 1, "b": 1.0, "c": True, "d": "1", "e": "FR", "f": "fr", "g": ["FR", 1, "fr"]}
    back_end.track(*(customer(name, tier=value) for name, value in values.items()))
    ids = {name: back_end.known_by(name).pk for name in values}

    (found,) = current.columns(back_end.workspace.pk, list(ids.values()), [attribute("tier")])

    names = {profile_id: name for name, profile_id in ids.items()}
    (columns,) = found.values()
    held = {
        (kind, key): sorted(names[each] for each in users)
        for kind, column in columns.items()
        for key, users in column.items()
    }
    assert held == {
        (ValueKind.PRESENT, b""): [*"abcdefg"],
        (ValueKind.NUMBER, number_key(1)): ["a", "b"],
        (ValueKind.BOOLEAN, b"\1"): ["c"],
        (ValueKind.TEXT, b"1"): ["d"],
        (ValueKind.TEXT, b"fr"): ["e", "f"],
        (ValueKind.ITEM, b"fr"): ["g"],
        (ValueKind.ITEM, b"1"): ["g"],
    }


@pytest.mark.django_db
def test_many_attributes_that_change_at_once_are_folded_too():
    back_end = BackEnd("acme")
    back_end.track(customer("ana", country="FR"))
    folding.fold_all(back_end.workspace.pk)
    back_end.track(customer("ana", **{f"a{number}": "x" for number in range(120)}))

    folding.fold_all(back_end.workspace.pk)

    assert having(back_end.workspace, "a119", "x") == having(back_end.workspace, "country", "fr")
    call_command("check_membership", stdout=io.StringIO())


@pytest.mark.django_db
def test_nothing_of_a_deleted_user_is_left_in_the_pages():
    back_end = BackEnd("acme")
    back_end.track(customer("ana", email="ana@example.com"))
    folding.fold_all(back_end.workspace.pk)
    back_end.delete("ana")
    assert having(back_end.workspace, "email", "ana@example.com") == 0

    folding.fold_all(back_end.workspace.pk)

    assert not FacetPage.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "damage",
    [
        lambda: FacetPage.objects.filter(kind=ValueKind.TEXT).delete(),
        lambda: Profile.objects.update(attributes={"country": "ES", "age": 5}),
        lambda: Profile.objects.update(attributes={"country": "FR", "age": 5, "tier": "x"}),
        lambda: FacetPage.objects.filter(kind=ValueKind.NUMBER, low=END).update(
            below=BitMap64([77])
        ),
    ],
    ids=["page lost", "value changed", "attribute added", "sum wrong"],
)
def test_check_membership_notices_pages_that_differ_from_values(damage):
    back_end = BackEnd("acme")
    back_end.track(customer("ana", country="FR", age=5))
    folding.fold_all(back_end.workspace.pk)
    call_command("check_membership", stdout=io.StringIO())

    damage()

    with pytest.raises(CommandError):
        call_command("check_membership", stdout=io.StringIO())


@pytest.mark.django_db(transaction=True)
def test_counts_are_exact_while_others_track_and_fold():
    back_end = BackEnd("acme")
    names = [f"u{number}" for number in range(40)]
    back_end.track(*(customer(name, country="FR") for name in names))
    workspace, done, problems = back_end.workspace, [], []

    def track():
        try:
            for turn in range(30):
                # All of them in one call, so in one transaction: never some of them.
                country = ("ES", "FR")[turn % 2]
                back_end.track(*(customer(name, country=country) for name in names))
        except Exception as error:  # noqa: BLE001  # told by the main thread
            problems.append(error)
        finally:
            done.append(True)
            connection.close()

    def fold():
        try:
            while not done:
                folding.fold_all(workspace.pk)
        except Exception as error:  # noqa: BLE001  # likewise
            problems.append(error)
        finally:
            connection.close()

    threads = [Thread(target=track), Thread(target=fold)]
    for thread in threads:
        thread.start()
    counted = set()
    while not done:
        counted.add(having(workspace, "country", "fr"))
    for thread in threads:
        thread.join()

    assert not problems
    assert counted <= {0, 40}
    call_command("check_membership", stdout=io.StringIO())


def test_a_line_about_some_attributes_touches_no_others():
    change = changes.Change(BitMap64([1]), frozenset({"country"}))

    assert change.touches(attribute("country"))
    assert not change.touches(attribute("email"))
