import pytest

from profiles.pages import wording


@pytest.mark.parametrize(
    ("value", "text", "kind"),
    [
        ("M", "M", "text"),
        (41, "41", "number"),
        (True, "Yes", "yes or no"),
        (["M", False], "M, No", "list"),
        ({"size": "é"}, '{"size": "é"}', "object"),
        ([{"size": 1}, "M"], '{"size": 1}, M', "list"),
    ],
)
def test_a_custom_attribute_is_shown_as_people_read_it(value, text, kind):
    (shown,) = wording.custom({"email": "ana@example.com", "shirt": value})

    assert (shown.name, shown.text, shown.kind) == ("shirt", text, kind)
