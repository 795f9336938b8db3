"""A secret in two shares."""

import pytest

from common import shares


@pytest.mark.parametrize("text", ["", "qs_dik_0aZ", "señal"])
def test_both_shares_make_the_text_again(text):
    assert shares.join(*shares.split(text)) == text


def test_the_shares_of_a_text_are_others_every_time():
    assert len({share for _ in range(20) for share in shares.split("the same")}) == 40


def test_no_share_holds_any_of_the_text():
    secret = "a rather long secret"

    for share in shares.split(secret):
        assert secret.encode() not in bytes.fromhex(share)


@pytest.mark.parametrize(("one", "other"), [("00", "0000"), ("zz", "00"), ("ff", "00")])
def test_what_are_no_shares_of_one_text_is_an_error(one, other):
    with pytest.raises(ValueError):
        shares.join(one, other)
