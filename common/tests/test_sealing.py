import pytest

from common import sealing

OLD, NEW = b"o" * 32, b"n" * 32


@pytest.fixture(autouse=True)
def peppers(settings):
    settings.PEPPERS = {1: OLD}


def test_what_was_sealed_is_read_again_and_looks_like_nothing():
    number, sealed = sealing.seal(b"sesame")

    assert number == 1
    assert b"sesame" not in sealed
    assert sealing.unseal(number, sealed) == b"sesame"
    assert sealing.seal(b"sesame")[1] != sealed


def test_a_new_pepper_seals_and_the_old_one_still_opens(settings):
    number, sealed = sealing.seal(b"sesame")
    settings.PEPPERS = {1: OLD, 2: NEW}

    assert sealing.seal(b"other")[0] == 2
    assert sealing.unseal(number, sealed) == b"sesame"


def test_without_its_pepper_or_altered_it_stays_shut(settings):
    number, sealed = sealing.seal(b"sesame")

    with pytest.raises(sealing.CannotOpen):
        sealing.unseal(number, sealed[:-1] + b"0")
    settings.PEPPERS = {2: NEW}
    with pytest.raises(sealing.CannotOpen):
        sealing.unseal(number, sealed)
