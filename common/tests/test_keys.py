import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import keys
from common.keys import ALPHABET, KeyKind, ParsedKey

PEPPER = b"a pepper of the tests"
kinds = st.sampled_from(KeyKind)


@given(kinds)
def test_a_generated_key_is_read_back_whole(kind):
    key = keys.generate(kind)

    assert keys.parse(key.text, kind) == key
    assert key.text.startswith(f"qs_{kind}_{key.public_id}_")
    assert len(key.text) == len(f"qs_{kind}__") + 12 + 40 + 6


def test_no_two_generated_keys_are_the_same():
    made = [keys.generate(KeyKind.REST_API) for _ in range(1_000)]

    assert len({key.text for key in made}) == len({key.public_id for key in made}) == 1_000


@given(kinds, kinds)
def test_a_key_is_read_as_its_own_kind_only(kind, other):
    key = keys.generate(kind)

    assert (keys.parse(key.text, other) is None) == (kind != other)


def test_one_character_changed_is_a_bad_paste():
    text = keys.generate(KeyKind.DATA_IMPORT).text

    for place in range(len("qs_dik_"), len(text)):
        for other in set(ALPHABET) - {text[place]}:
            changed = text[:place] + other + text[place + 1 :]
            assert keys.parse(changed, KeyKind.DATA_IMPORT) is None


@given(st.text() | st.integers() | st.none() | st.lists(st.text()) | st.binary() | st.booleans())
def test_anything_else_is_no_key(anything):
    assert keys.parse(anything, KeyKind.PARTNER_API) is None


@pytest.mark.parametrize(
    "change", [str.upper, str.strip, lambda text: text + "\n", lambda t: t[:-1]]
)
def test_a_key_is_compared_as_it_is(change):
    text = keys.generate(KeyKind.PARTNER_API).text

    assert (keys.parse(change(text), KeyKind.PARTNER_API) is None) == (change(text) != text)


def test_digits_of_other_scripts_are_no_digits():
    text = keys.generate(KeyKind.PARTNER_API).text

    assert keys.parse(text[:-1] + "٣", KeyKind.PARTNER_API) is None


def test_what_is_shown_of_a_key_tells_nothing_of_its_secret():
    key = keys.generate(KeyKind.PARTNER_API)
    secret = key.text.split("_")[3][:40]

    assert secret not in repr(key)
    assert secret not in key.prefix
    assert key.last_four == key.text[-4:]


def test_a_key_opens_only_its_own_digest_under_its_own_pepper():
    key, other = keys.generate(KeyKind.REST_API), keys.generate(KeyKind.REST_API)
    stored = keys.digest(key, PEPPER)

    assert len(stored) == 32
    assert keys.matches(key, stored, PEPPER)
    assert not keys.matches(other, stored, PEPPER)
    assert not keys.matches(key, stored, b"another pepper")


@pytest.mark.parametrize(("stored", "pepper"), [(None, None), (None, PEPPER), (b"x" * 32, None)])
def test_without_a_row_or_its_pepper_nothing_matches(stored, pepper):
    assert not keys.matches(keys.generate(KeyKind.REST_API), stored, pepper)


def test_a_key_never_matches_the_dummy_that_it_is_compared_with():
    forged = ParsedKey(KeyKind.REST_API, "A" * 12, "no matter")

    assert not keys.matches(forged, b"\0" * 32, None)
