"""`cohort_changes`, checked and laid out: every success and every refusal."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohorts.partner_api.changes import (
    CHANGES_MESSAGE,
    TOO_MANY_MESSAGE,
    Changes,
    Column,
    InvalidChanges,
    Run,
    parse,
    read_runs,
)

EXTERNAL_ID, ALIAS, DEVICE = Column.EXTERNAL_ID, Column.ALIAS, Column.DEVICE


def parsed(*objects):
    return parse(json.dumps(objects).encode())


def runs(changes):
    return [(run.column, run.remove, run.count) for run in read_runs(changes.runs)]


def refusal(body):
    with pytest.raises(InvalidChanges) as refused:
        parse(body if isinstance(body, bytes) else json.dumps(body).encode())
    return refused.value


def alias(name, label="crm"):
    return {"alias_name": name, "alias_label": label}


def test_each_kind_has_its_own_column_in_the_order_named():
    changes = parsed(
        {"user_ids": ["b", "a"], "device_ids": ["d"], "aliases": [alias("n2"), alias("n1", "x")]}
    )

    assert changes == Changes(changes.runs, ["b", "a"], ["d"], ["crm", "x"], ["n2", "n1"])
    assert runs(changes) == [(EXTERNAL_ID, False, 2), (DEVICE, False, 1), (ALIAS, False, 2)]
    assert changes.ids == 5


def test_objects_are_laid_out_one_after_another():
    changes = parsed(
        {"user_ids": ["a"]},
        {"user_ids": ["b", "c"], "should_remove": True},
        {"aliases": [alias("n")], "should_remove": False},
    )

    assert changes.external_ids == ["a", "b", "c"]
    assert runs(changes) == [(EXTERNAL_ID, False, 1), (EXTERNAL_ID, True, 2), (ALIAS, False, 1)]


def test_a_single_alias_object_is_taken_for_an_array_of_one():
    assert parsed({"aliases": alias("n")}) == parsed({"aliases": [alias("n")]})


@pytest.mark.parametrize(
    "body", [[], [{"user_ids": []}], [{"device_ids": [], "aliases": [], "user_ids": []}] * 3]
)
def test_empty_arrays_change_nothing(body):
    changes = parse(json.dumps(body).encode())

    assert changes == Changes()
    assert changes.ids == 0


def test_unknown_fields_are_ignored():
    changes = parsed({"user_ids": ["a"], "braze_ids": [1], "x": {"y": ["\0"]}})

    assert changes == parsed({"user_ids": ["a"]})


@pytest.mark.parametrize(
    "value", ["é", "日本", "😀", "a" * 512, "😀" * 512, " ", "\\u0000", '"', "\x01"]
)
def test_an_id_is_kept_character_by_character(value):
    assert parsed({"user_ids": [value], "device_ids": [value]}).external_ids == [value]
    assert parse(json.dumps([{"user_ids": [value]}], ensure_ascii=False).encode()) == parsed(
        {"user_ids": [value]}
    )


def test_a_thousand_ids_over_objects_and_kinds_pass_and_one_more_does_not():
    objects = [
        {"user_ids": [f"u{n}" for n in range(300)], "device_ids": [f"d{n}" for n in range(300)]},
        {"aliases": [alias(f"n{n}") for n in range(399)], "should_remove": True},
        {"user_ids": ["u1"]},  # said again, counts again
    ]

    assert parsed(*objects).ids == 1_000
    assert refusal([*objects, {"device_ids": ["one more"]}]).message == TOO_MANY_MESSAGE
    assert refusal([*objects, {"device_ids": ["x"] * 500}]).particulars == "received 1,500 ids"


REFUSED = {
    "an object": {"user_ids": ["a"]},
    "null": None,
    "a string": "[]",
    "a number": 1,
    "array of strings": ["a"],
    "array of arrays": [["a"]],
    "array of null": [None],
    "no ids": [{}],
    "no ids beside good ones": [{"user_ids": ["a"]}, {"should_remove": True}],
    "only unknown keys": [{"external_ids": ["a"]}],
    "user_ids a string": [{"user_ids": "a"}],
    "user_ids null": [{"user_ids": None}],
    "user_ids an object": [{"user_ids": {}}],
    "a user id a number": [{"user_ids": ["a", 1]}],
    "a user id null": [{"user_ids": [None]}],
    "a user id empty": [{"user_ids": [""]}],
    "a user id too long": [{"user_ids": ["a" * 513]}],
    "a user id with NUL": [{"user_ids": ["a\0b"]}],
    "device_ids null": [{"device_ids": None}],
    "a device id empty": [{"device_ids": [""]}],
    "a device id too long": [{"device_ids": ["a" * 513]}],
    "a device id with NUL": [{"device_ids": ["\0"]}],
    "aliases a string": [{"aliases": "n"}],
    "aliases null": [{"aliases": None}],
    "aliases of strings": [{"aliases": ["n"]}],
    "alias without label": [{"aliases": [{"alias_name": "n"}]}],
    "alias without name": [{"aliases": {"alias_label": "l"}}],
    "alias name empty": [{"aliases": [alias("")]}],
    "alias name too long": [{"aliases": [alias("n" * 256)]}],
    "alias label empty": [{"aliases": [alias("n", "")]}],
    "alias label too long": [{"aliases": alias("n", "l" * 256)}],
    "alias name with NUL": [{"aliases": [alias("\0")]}],
    "alias label with NUL": [{"aliases": [alias("n", "\0")]}],
    "alias name a number": [{"aliases": [alias(7)]}],
    "should_remove a string": [{"user_ids": ["a"], "should_remove": "true"}],
    "should_remove a number": [{"user_ids": ["a"], "should_remove": 1}],
    "should_remove null": [{"user_ids": ["a"], "should_remove": None}],
    "lone surrogate": b'[{"user_ids":["\\ud800"]}]',
    "surrogates in the wrong order": b'[{"user_ids":["\\udc00\\ud800"]}]',
    "not UTF-8": b'[{"user_ids":["\xff"]}]',
    "surrogate as bytes": b'[{"user_ids":["\xed\xa0\x80"]}]',
    "cut off": b'[{"user_ids":["a"',
    "nothing": b"",
    "deep": b"[" * 100_000,
    "deep and closed": b'[{"user_ids":' + b"[" * 50_000 + b"]" * 50_000 + b"}]",
    "deep in an unknown field": b'[{"x":' + b"[" * 50_000 + b"]" * 50_000 + b"}]",
    "40,000 empty objects": [{}] * 40_000,
    "40,000 objects of empty arrays": [{"user_ids": []}] * 40_000,
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
def test_every_fault_has_the_one_message_and_short_particulars(body):
    error = refusal(body)

    assert error.message == CHANGES_MESSAGE
    assert 0 < len(error.particulars) < 200


def test_the_longest_alias_parts_pass():
    longest = alias("😀" * 255, "é" * 255)

    assert parsed({"aliases": [longest]}).alias_names == [longest["alias_name"]]


def test_ten_thousand_objects_pass_time_after_time():
    body = json.dumps([{"user_ids": []}] * 10_000).encode()

    assert [parse(body).ids for _ in range(2)] == [0, 0]


def test_particulars_say_where_the_fault_is():
    bodies = {
        "cohort_changes[1].user_ids[2]": [{"user_ids": []}, {"user_ids": ["a", "b", 3]}],
        "cohort_changes[2]": [{"user_ids": []}, {"user_ids": []}, {}],
        "cohort_changes[0].should_remove": [{"user_ids": [], "should_remove": "no"}],
        "device_ids": [{"device_ids": ["\0"]}],
    }

    for place, body in bodies.items():
        assert place in refusal(body).particulars


def test_particulars_never_quote_an_id():
    bodies = [
        [{"user_ids": ["secret" * 100]}],
        [{"user_ids": ["secret\0"]}],
        [{"aliases": "secret"}],
    ]

    assert not any("secret" in refusal(body).particulars for body in bodies)


@pytest.mark.parametrize(
    ("column", "remove", "count"),
    [(column, remove, count) for column in Column for remove in (True, False) for count in (1, 9)],
)
def test_runs_are_read_back_as_they_were_written(column, remove, count):
    changes = Changes()

    changes.append_run(column, count, remove=remove)

    assert list(read_runs(changes.runs)) == [Run(column, remove, count)]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["user_ids", "device_ids", "aliases", "should_remove", "alias_name"]),
            inner,
        )
    ),
    max_leaves=12,
)


@given(st.lists(json_values, max_size=4) | json_values)
def test_any_json_is_either_laid_out_or_refused(body):
    try:
        changes = parse(json.dumps(body).encode())
    except InvalidChanges as error:
        assert error.message in (CHANGES_MESSAGE, TOO_MANY_MESSAGE)
    else:
        assert sum(run.count for run in read_runs(changes.runs)) == changes.ids <= 1_000


@given(
    st.binary(max_size=60) | st.text(alphabet='[]{}",:\\u0d8 \0ae1', max_size=60).map(str.encode)
)
def test_any_bytes_are_either_laid_out_or_refused(body):
    try:
        parse(body)
    except InvalidChanges as error:
        assert len(error.particulars) < 300
