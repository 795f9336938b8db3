import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from common.arrays import TextArray

# Whatever PostgreSQL's text can hold: anything but NUL and halves of pairs.
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
NASTY = ["", " ", "NULL", "null", '"', "'", "\\", "{a,b}", ",", "\n\t\r", "ß", "日本", "😀" * 512]


@pytest.mark.django_db
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(texts))
@example([])
@example(NASTY)
def test_an_array_comes_back_from_postgresql_as_it_went(values):
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s", [TextArray(values)])
        (returned,) = cursor.fetchone()

    assert returned == values


@pytest.mark.django_db
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(texts))
@example(NASTY)
def test_a_logged_statement_shows_the_array_as_it_went(values):
    with CaptureQueriesContext(connection) as queries, connection.cursor() as cursor:
        cursor.execute("SELECT %s AS sent", [TextArray(values)])
        shown = queries[0]["sql"]
        cursor.execute(shown.replace("%", "%%"), [])
        (returned,) = cursor.fetchone()

    assert returned == values


@pytest.mark.django_db
def test_postgresql_sees_a_text_array_with_one_element_for_each_string():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_typeof(a)::text, cardinality(a), array_lower(a, 1), octet_length(a[3]) "
            "FROM (SELECT %s AS a) AS sent",
            [TextArray(["one", "", "😀é"])],
        )

        assert cursor.fetchone() == ("text[]", 3, 1, 6)


@pytest.mark.django_db
def test_an_array_goes_beside_parameters_of_other_types():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT cardinality(%s), %s::integer[], %s", [TextArray(["a"]), [1, 2], "text"]
        )

        assert cursor.fetchone() == (1, [1, 2], "text")
