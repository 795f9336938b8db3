import pytest

from imports.files import InvalidFile
from profiles.custom_values import InvalidValue
from profiles.importing.columns import parse
from profiles.rules import Kind


def convert(column, text):
    (parsed,) = parse(["external_id", column]).columns
    return parsed.convert(text) if parsed.convert else text


@pytest.mark.parametrize(
    ("names", "kind", "label_index", "value_index"),
    [
        (["external_id"], Kind.EXTERNAL_ID, None, 0),
        (["email", "device_id"], Kind.DEVICE, None, 1),
        (["alias_name", "email", "alias_label"], Kind.ALIAS, 2, 0),
        ([" external_id ", "email"], Kind.EXTERNAL_ID, None, 0),
    ],
)
def test_one_kind_of_id_names_the_user(names, kind, label_index, value_index):
    header = parse(names)

    assert (header.kind, header.label_index, header.value_index) == (kind, label_index, value_index)


@pytest.mark.parametrize(
    "names",
    [
        [],
        ["email"],
        ["external_id", "device_id"],
        ["external_id", "alias_name", "alias_label"],
        ["alias_name"],
        ["alias_label"],
        ["external_id", "alias_label"],
        ["external_id", "external_id"],
        ["external_id", ""],
        ["external_id", "age", "age"],
        ["external_id", "age", "age:number"],
        ["external_id", "n" * 256],
        ["external_id;email"],
        ["external_id\temail"],
    ],
)
def test_any_other_header_is_refused(names):
    with pytest.raises(InvalidFile):
        parse(names)


def test_the_names_of_columns_are_those_of_the_attributes_without_their_type():
    header = parse(["external_id", "email", "age:number", "vip:boolean", "utm:source", ":number"])

    assert [column.name for column in header.columns] == [
        "email",
        "age",
        "vip",
        "utm:source",
        ":number",
    ]


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ("zip", "01307", "01307"),
        ("zip:number", "01307", 1307),
        ("n:number", "-7", -7),
        ("n:number", "61.5", 61.5),
        ("n:number", "1e3", 1000.0),
        ("n:number", "123456789012345678901234", 1.2345678901234568e23),
        ("b:boolean", "TRUE", True),
        ("b:boolean", "0", False),
        ("t:time", "2026-01-31", "2026-01-31T00:00:00Z"),
        ("t:time", "2026-01-31T10:00:00+02:00", "2026-01-31T08:00:00Z"),
        ("t:time", "2026-01-31T10:00:00.5Z", "2026-01-31T10:00:00.500000Z"),
        ("dob", "1990-02-28", "1990-02-28"),
        ("gender", "F", "F"),
        ("email_open_tracking_disabled", "yes", True),
        ("email_click_tracking_disabled:boolean", "false", False),
        ("phone:number", "0639981234", "0639981234"),
        ("time_zone", "Europe/Paris", "Europe/Paris"),
    ],
)
def test_a_cell_becomes_what_its_column_holds(column, text, value):
    converted = convert(column, text)

    assert converted == value
    assert type(converted) is type(value)


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("n:number", "1,000"),
        ("n:number", "nan"),
        ("n:number", "1e999"),
        ("n:number", "１"),
        ("n:number", "0x1f"),
        ("n:number", "1_000"),
        ("b:boolean", "maybe"),
        ("t:time", "yesterday"),
        ("t:time", "0001-01-01T00:00:00+14:00"),
        ("dob", "28/02/1990"),
        ("dob:number", "1990"),
        ("gender", "female"),
        ("time_zone", "Paris"),
        ("email_subscribe", "yes"),
        ("email_open_tracking_disabled", "maybe"),
    ],
)
def test_a_cell_that_its_column_cannot_hold_is_refused(column, text):
    with pytest.raises(InvalidValue):
        convert(column, text)
