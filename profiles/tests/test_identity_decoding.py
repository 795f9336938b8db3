"""What calls about identities may say, and what one item of them may get wrong alone."""

import pytest

from common.errors import BadRequest
from profiles import rules
from profiles.aliases import NewAlias, Renaming
from profiles.merging import Identification, Merge
from profiles.users_api import aliases, deletions, merges

SEVEN = {"alias_label": "crm", "alias_name": "7"}
ANA, BOB = {"external_id": "ana"}, {"external_id": "bob"}

# Every call with an item that is as it should be.
CALLS = {
    "alias/new": (aliases.decode_new, "user_aliases", SEVEN),
    "alias/update": (
        aliases.decode_updates,
        "alias_updates",
        {"alias_label": "crm", "old_alias_name": "7", "new_alias_name": "8"},
    ),
    "identify": (
        aliases.decode_identify,
        "aliases_to_identify",
        {"external_id": "ana", "user_alias": SEVEN},
    ),
    "merge": (
        merges.decode,
        "merge_updates",
        {"identifier_to_merge": ANA, "identifier_to_keep": BOB},
    ),
}
each_call = pytest.mark.parametrize(
    ("decode", "array", "item"), CALLS.values(), ids=list(CALLS.keys())
)


@each_call
@pytest.mark.parametrize("body", [None, [], "x", 1, {}])
def test_a_body_without_the_array_is_refused(decode, array, item, body):
    with pytest.raises(BadRequest):
        decode(body)


@each_call
@pytest.mark.parametrize("value", [None, {}, "x", 1, True])
def test_an_array_that_is_none_is_refused(decode, array, item, value):
    with pytest.raises(BadRequest):
        decode({array: value})


@each_call
def test_fifty_items_are_taken_and_fifty_one_refuse_the_whole_call(decode, array, item):
    items, problems = decode({array: [item] * 50})

    assert (len(items), problems) == (50, [])
    with pytest.raises(BadRequest):
        decode({array: [item] * 51})


@each_call
def test_an_empty_array_asks_for_nothing(decode, array, item):
    assert decode({array: []}) == ([], [])


@each_call
def test_what_stands_beside_the_array_is_ignored(decode, array, item):
    items, problems = decode({array: [item], "merge_behavior": "merge", "unknown": [1]})

    assert (len(items), problems) == (1, [])


def problem_of(decode, array, entry):
    """Why an item fails that stands between two that don't."""
    good = next(item for _, name, item in CALLS.values() if name == array)
    items, problems = decode({array: [good, entry, good]})
    assert [each.index for each in items] == [0, 2]
    (problem,) = problems
    assert (problem.array, problem.index) == (array, 1)
    return problem.reason


ID = "external_id must be a string of 1 to 512 characters without NUL"
LABEL = "alias_label must be a string of 1 to 255 characters without NUL"
NAME = "alias_name must be a string of 1 to 255 characters without NUL"


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({}, LABEL),
        ({"alias_label": "crm"}, NAME),
        ({**SEVEN, "alias_name": ""}, NAME),
        ({**SEVEN, "alias_name": 7}, NAME),
        ({**SEVEN, "alias_name": "7\0"}, NAME),
        ({**SEVEN, "alias_name": "7" * 256}, NAME),
        ({**SEVEN, "alias_label": "x" * 256}, LABEL),
        ({**SEVEN, "external_id": ""}, ID),
        ({**SEVEN, "external_id": 7}, ID),
        ({**SEVEN, "external_id": "a" * 513}, ID),
        ("7", "an item must be an object"),
        (None, "an item must be an object"),
        ([SEVEN], "an item must be an object"),
    ],
)
def test_a_new_alias_that_is_none_fails_alone(entry, reason):
    assert problem_of(aliases.decode_new, "user_aliases", entry) == reason


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"alias_label": None}, LABEL),
        ({"old_alias_name": None}, NAME.replace("alias", "old_alias")),
        ({"new_alias_name": "\0"}, NAME.replace("alias", "new_alias")),
    ],
)
def test_an_alias_update_that_is_none_fails_alone(changed, reason):
    entry = {"alias_label": "crm", "old_alias_name": "7", "new_alias_name": "8", **changed}

    assert problem_of(aliases.decode_updates, "alias_updates", entry) == reason


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"external_id": "ana"}, "user_alias must be an object with alias_name and alias_label"),
        ({"external_id": "ana", "user_alias": "7"}, "user_alias must be an object"),
        ({"external_id": "ana", "user_alias": {"alias_label": "crm"}}, NAME),
        ({"user_alias": SEVEN}, ID),
    ],
)
def test_an_alias_to_identify_that_is_none_fails_alone(entry, reason):
    assert problem_of(aliases.decode_identify, "aliases_to_identify", entry).startswith(reason)


@pytest.mark.parametrize(
    ("identifier", "reason"),
    [
        ({"external_id": ""}, ID),
        ({"external_id": "a" * 513}, ID),
        ({"user_alias": {}}, LABEL),
        ({"braze_id": "twelve"}, "braze_id names nobody"),
        ({"braze_id": "9" * 19}, "braze_id names nobody"),
        ({"braze_id": "-1"}, "braze_id names nobody"),
        ({"external_id": "ana", "braze_id": "1"}, "name the user by one id"),
        ({"email": "ana@example.com"}, "identifier_to_merge must name the user by external_id"),
        ({"phone": "+33"}, "identifier_to_merge must name the user by external_id"),
    ],
)
def test_a_user_to_merge_who_is_named_in_no_way_fails_alone(identifier, reason):
    entry = {"identifier_to_merge": identifier, "identifier_to_keep": BOB}

    assert problem_of(merges.decode, "merge_updates", entry).startswith(reason)


@pytest.mark.parametrize(
    ("updates", "message"),
    [
        (None, merges.NOT_AN_ARRAY),
        ([ANA, "x"], merges.NOT_AN_ARRAY),
        ([{"identifier_to_merge": ANA}], merges.OTHER_KEYS),
        ([{"identifier_to_merge": ANA, "identifier_to_keep": BOB, "x": 1}], merges.OTHER_KEYS),
        ([{"identifier_to_merge": ANA, "identifier_to_keep": "bob"}], merges.NOT_AN_IDENTIFIER),
        ([{"identifier_to_merge": {}, "identifier_to_keep": BOB}], merges.NOT_AN_IDENTIFIER),
        (
            [{"identifier_to_merge": {"external_id": 1}, "identifier_to_keep": BOB}],
            merges.NOT_AN_IDENTIFIER,
        ),
        ([{"identifier_to_merge": ANA, "identifier_to_keep": BOB}] * 51, merges.TOO_MANY),
    ],
)
def test_a_merge_call_that_is_built_wrong_is_refused_whole_in_the_words_of_braze(updates, message):
    with pytest.raises(BadRequest) as refused:
        merges.decode({"merge_updates": updates})

    assert refused.value.message == message


def test_ids_are_taken_as_they_are_and_as_long_as_they_may_be():
    longest = {"alias_label": "l" * 255, "alias_name": "é" * 255}
    new, _ = aliases.decode_new({"user_aliases": [{**longest, "external_id": " A" * 256}]})
    renamed, _ = aliases.decode_updates(
        {"alias_updates": [{"alias_label": "x", "old_alias_name": " 7", "new_alias_name": "7 "}]}
    )

    alias, external_id = rules.alias("l" * 255, "é" * 255), rules.external_id(" A" * 256)
    assert new == [NewAlias(0, alias, external_id)]
    assert renamed == [Renaming(0, rules.alias("x", " 7"), rules.alias("x", "7 "))]


def test_users_are_merged_by_external_id_alias_and_profile_id():
    pairs = [(ANA, {"user_alias": SEVEN}), ({"braze_id": "12"}, ANA)]
    items, problems = merges.decode(
        {
            "merge_updates": [
                {"identifier_to_merge": source, "identifier_to_keep": target}
                for source, target in pairs
            ]
        }
    )

    ana = rules.external_id("ana")
    assert items == [Merge(0, ana, rules.alias("crm", "7")), Merge(1, 12, ana)]
    assert not problems


def test_users_to_identify_by_email_or_phone_fail_each_alone():
    items, problems = aliases.decode_identify(
        {
            "aliases_to_identify": [{"external_id": "ana", "user_alias": SEVEN}],
            "emails_to_identify": [
                {"external_id": "bob", "email": "b@example.com", "prioritization": ["identified"]}
            ],
            "phone_numbers_to_identify": [{"external_id": "eve", "phone": "+33"}],
        }
    )

    assert items == [Identification(0, rules.alias("crm", "7"), rules.external_id("ana"))]
    assert [problem.as_json() for problem in problems] == [
        {
            "index": 0,
            "type": f"{kind} isn't supported: name the user by user_alias",
            "input_array": array,
        }
        for kind, array in (
            ("email", "emails_to_identify"),
            ("phone", "phone_numbers_to_identify"),
        )
    ]


def test_all_users_to_identify_together_are_fifty_at_most():
    entry = {"external_id": "ana", "user_alias": SEVEN}

    with pytest.raises(BadRequest):
        aliases.decode_identify(
            {"aliases_to_identify": [entry] * 25, "emails_to_identify": [{}] * 26}
        )


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"external_ids": None},
        {"external_ids": "ana"},
        {"external_ids": {"0": "ana"}},
        {"external_ids": ["ana"], "braze_ids": ["1"]},
        {"external_ids": [], "user_aliases": []},
        {"email_addresses": [{"email": "ana@example.com"}]},
        {"external_ids": ["ana"], "phone_numbers": []},
        {"external_ids": ["ana"] * 51},
        {"user_aliases": [SEVEN] * 51},
        {"braze_ids": ["1"] * 51},
    ],
)
def test_a_deletion_of_no_kind_of_two_or_of_too_many_is_refused(body):
    with pytest.raises(BadRequest):
        deletions.decode(body)


def test_ids_to_delete_that_are_none_fail_each_alone():
    by_external_id = deletions.decode({"external_ids": ["ana", "", None, 7, "b\0", "c" * 512]})
    by_alias = deletions.decode({"user_aliases": [SEVEN, "7", {}]})
    by_profile_id = deletions.decode({"braze_ids": ["12", 12, "x", "٣"]})

    assert by_external_id.keys == [rules.external_id("ana"), rules.external_id("c" * 512)]
    assert [problem.index for problem in by_external_id.problems] == [1, 2, 3, 4]
    assert by_alias.keys == [rules.alias("crm", "7")]
    assert [problem.index for problem in by_alias.problems] == [1, 2]
    assert by_profile_id.profile_ids == [12]
    assert [problem.index for problem in by_profile_id.problems] == [1, 2, 3]
