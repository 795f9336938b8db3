"""The journal: bounded whatever comes, and no refusal goes uncounted."""

import uuid
from datetime import UTC, datetime, timedelta

from partners.request_log import (
    LINES_A_MINUTE,
    LINES_A_MINUTE_IN_ALL,
    MOST_LINES,
    MOST_ORIGINS,
    Entry,
    Journal,
    Origin,
)

NOON = datetime(2026, 5, 4, 12, 10, tzinfo=UTC)
HOUR = NOON.replace(minute=0)
TINYCLUES = Origin("tinyclues", client_secret="qs_dik_AAAAAAAAAAAA")


def entry(status=400, code="not_json", origin=TINYCLUES, at=NOON, address="203.0.113.7"):
    return Entry(at, origin, "/partners/x/cohorts", status, code, uuid.uuid4(), address=address)


def total(batch, what="refused"):
    return sum(getattr(tally, what) for tally in batch.tallies.values())


def test_what_was_noted_is_taken_once():
    journal = Journal()
    noted = entry()
    journal.note(noted)

    assert journal.take().lines == [noted]
    assert journal.take().lines == []
    assert not journal.wait(0)


def test_a_key_s_refusals_beyond_the_cap_are_counted_and_get_no_line():
    journal = Journal()
    for _ in range(LINES_A_MINUTE + 5):
        journal.note(entry())
    other = entry(origin=Origin("tinyclues", client_secret="qs_dik_BBBBBBBBBBBB"))
    journal.note(other)

    batch = journal.take()

    assert len(batch.lines) == LINES_A_MINUTE + 1
    assert batch.lines[-1] == other
    assert total(batch) == LINES_A_MINUTE + 6


def test_without_a_key_the_address_is_what_is_capped():
    journal = Journal()
    stranger = Origin("tinyclues")
    for _ in range(LINES_A_MINUTE + 1):
        journal.note(entry(origin=stranger))
    journal.note(entry(origin=stranger, address="203.0.113.8"))

    assert len(journal.take().lines) == LINES_A_MINUTE + 1


def test_a_flood_from_everywhere_is_capped_as_a_whole():
    journal = Journal()
    for number in range(LINES_A_MINUTE_IN_ALL + 50):
        journal.note(entry(origin=Origin(), address=f"2001:db8::{number:x}"))

    batch = journal.take()

    assert len(batch.lines) == LINES_A_MINUTE_IN_ALL
    assert total(batch) == LINES_A_MINUTE_IN_ALL + 50


def test_a_flood_of_made_up_keys_takes_bounded_memory_and_is_counted():
    journal = Journal()
    for number in range(MOST_ORIGINS + 500):
        journal.note(entry(origin=Origin(client_secret=f"qs_dik_{number:012}")))

    batch = journal.take()

    assert len(batch.tallies) <= MOST_ORIGINS + 1
    assert total(batch) == MOST_ORIGINS + 500


def test_accepted_calls_are_not_capped_but_bounded_to_the_newest():
    journal = Journal()
    noted = [entry(201, "named") for _ in range(MOST_LINES + 3)]
    for each in noted:
        journal.note(each)

    assert journal.take().lines == noted[3:]


def test_hours_are_counted_apart_and_by_what_came_of_the_call():
    journal = Journal()
    journal.note(entry(401, "secret"))
    journal.note(entry(503, "unavailable", at=NOON + timedelta(minutes=2)))
    journal.note(entry(201, "tested", at=NOON + timedelta(minutes=1)))
    journal.note(entry(201, "named"))
    journal.note(entry(429, "too_fast", at=NOON + timedelta(hours=1)))

    tallies = journal.take().tallies

    this = tallies[TINYCLUES, HOUR]
    assert (this.refused, this.failed, this.unstored) == (1, 1, 1)
    assert this.last_error_at == NOON + timedelta(minutes=2)
    assert this.last_unstored_at == NOON + timedelta(minutes=1)
    assert tallies[TINYCLUES, HOUR + timedelta(hours=1)].refused == 1


def test_what_could_not_be_written_comes_back_before_what_came_meanwhile():
    journal = Journal()
    first, second = entry(), entry()
    journal.note(first)
    batch = journal.take()
    journal.note(second)

    journal.give_back(batch)

    again = journal.take()
    assert again.lines == [first, second]
    assert total(again) == 2


def test_what_comes_back_time_and_again_stays_bounded():
    journal = Journal()
    for _ in range(3):
        batch = journal.take()
        for _ in range(MOST_LINES):
            journal.note(entry(201, "named"))
        journal.give_back(batch)

    assert len(journal.take().lines) == MOST_LINES


def test_a_fork_leaves_its_parent_s_entries_to_the_parent():
    journal = Journal()
    journal.note(entry())

    journal.start_over()

    assert journal.take().lines == []
