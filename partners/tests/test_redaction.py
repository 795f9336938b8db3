"""What a log line may show of what a client sent."""

import json

import pytest

from common import keys
from common.keys import KeyKind
from partners.redaction import plain, prefix_in


@pytest.mark.parametrize("kind", KeyKind)
def test_a_key_in_a_text_is_cut_to_its_prefix(kind):
    key = keys.generate(kind)

    shown = plain(f"/partners/{key.text}/cohorts", most=200)

    assert shown == f"/partners/{key.prefix}…/cohorts"


def test_a_key_with_a_bad_checksum_or_a_missing_end_is_cut_too():
    key = keys.generate(KeyKind.DATA_IMPORT)

    for text in (key.text[:-1] + "!", key.text[:-9], f"{key.text}and more"):
        assert key.text[22:40] not in plain(text, most=500)


def test_a_key_that_the_limit_cuts_in_two_shows_no_secret():
    key = keys.generate(KeyKind.DATA_IMPORT)

    assert plain(f"{'x' * 170}{key.text}", most=200) == f"{'x' * 170}{key.prefix}…"


@pytest.mark.parametrize("mark", ["\n", "\r", "\0", "\x1b", "\u202e", "\u2028", "\ud800"])
def test_what_does_not_print_is_replaced(mark):
    assert plain(f"a{mark}b", most=10) == "a\ufffdb"


def test_a_long_text_ends_in_an_ellipsis_within_its_length():
    assert plain("x" * 10, most=10) == "x" * 10
    assert plain("x" * 11, most=10) == "x" * 9 + "…"


def test_what_prints_stays_as_it_is():
    assert plain("Überraschung 😀 <b>", most=100) == "Überraschung 😀 <b>"


def test_a_body_s_keys_are_found_by_kind():
    secret, partner = keys.generate(KeyKind.DATA_IMPORT), keys.generate(KeyKind.PARTNER_API)
    body = json.dumps({"client_secret": secret.text, "partner_api_key": partner.text}).encode()

    assert prefix_in(body, KeyKind.DATA_IMPORT) == secret.prefix
    assert prefix_in(body, KeyKind.PARTNER_API) == partner.prefix
    assert prefix_in(body[:-20], KeyKind.DATA_IMPORT) == secret.prefix


@pytest.mark.parametrize("body", [b"", b"{}", b"qs_dik_short", b"qs_dik_" + b"A" * 13, b"\xff\0"])
def test_what_is_no_key_has_no_prefix(body):
    assert prefix_in(body, KeyKind.DATA_IMPORT) == ""
