"""Several causes stand behind one text of a refusal: the log tells them apart."""

import pytest

from partners.diagnosis import KnownKey, refine

NONE = ("", None)


def known(partner="tinyclues", state="live"):
    return ("qs_…", KnownKey(partner, 1, state))


@pytest.mark.parametrize("code", ["partner_key", "secret"])
@pytest.mark.parametrize(
    ("key", "trouble"),
    [
        (NONE, "missing"),
        (("qs_…", None), "unknown"),
        (known(state="invalidated"), "invalidated"),
        (known(state="expired"), "expired"),
        (known(), "garbled"),
        (known("segment"), "elsewhere"),
        (known("segment", state="expired"), "elsewhere"),
    ],
)
def test_a_refused_key_says_what_is_wrong_with_it(code, key, trouble):
    keys = {"partner_key": NONE, "secret": NONE, code: key}

    assert refine(code, "tinyclues", partner_exists=True, **keys) == f"{code}_{trouble}"


@pytest.mark.parametrize(("exists", "code"), [(True, "unknown_path"), (False, "unknown_partner")])
def test_a_path_that_is_not_there_says_whether_the_partner_is(exists, code):
    found = refine("not_found", "x", partner_key=NONE, secret=NONE, partner_exists=exists)

    assert found == code


@pytest.mark.parametrize("code", ["disabled", "not_json", "too_fast", "named"])
def test_other_codes_say_it_all(code):
    found = refine(code, "tinyclues", partner_key=known(), secret=NONE, partner_exists=True)

    assert found == code
