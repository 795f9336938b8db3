from collections import Counter
from datetime import date

import pytest

from demo.people import KnownBy, generate

TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def people():
    return list(generate(5_000, today=TODAY))


def test_the_same_people_come_every_time(people):
    assert list(generate(5_000, today=TODAY)) == people


def test_fewer_people_are_the_first_of_them(people):
    assert list(generate(20, today=TODAY)) == people[:20]


def test_seven_in_ten_are_identified_and_the_rest_is_known_by_alias_or_device(people):
    share = {kind: count / len(people) for kind, count in Counter(known(people)).items()}

    assert share[KnownBy.EXTERNAL_ID] == pytest.approx(0.70, abs=0.03)
    assert share[KnownBy.ALIAS] == pytest.approx(0.15, abs=0.03)
    assert share[KnownBy.DEVICE] == pytest.approx(0.15, abs=0.03)


def test_no_id_is_used_twice(people):
    ids = [person.external_id for person in people]
    aliases = [person.alias for person in people]
    devices = [device for person in people for device in person.devices]

    for values in (ids, aliases, devices):
        assert len(set(values)) == len(values)


def test_mail_could_never_reach_a_real_person(people):
    domains = {person.email.rpartition("@")[2] for person in people if person.email}

    assert domains == {"example.com", "example.org", "example.net"}


def test_an_address_is_plain_ascii_whatever_the_name(people):
    assert all(person.email.isascii() for person in people)


def test_whoever_has_never_ordered_has_never_bought(people):
    assert all((person.orders > 0) == (person.last_purchase is not None) for person in people)
    assert all(person.last_purchase <= TODAY for person in people if person.last_purchase)


def test_age_and_birthday_agree(people):
    for person in people:
        if person.born_on:
            years = TODAY.year - person.born_on.year
            birthday_is_ahead = (TODAY.month, TODAY.day) < (
                person.born_on.month,
                person.born_on.day,
            )
            assert person.age == years - birthday_is_ahead


def known(people):
    return [person.known_by for person in people]
