"""Liquid in a sandbox: what it makes, and in which words it refuses."""

import pytest

from campaigns.templating import InvalidTemplate, Template

VALUES = {"user": {"first_name": "Ana", "tags": ["a", "b"]}, "campaign": {}, "unsubscribe_url": ""}


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("Hi {{ user.first_name }}!", "Hi Ana!"),
        ("{{ user.last_name | default: 'friend' }}", "friend"),
        ("{{ user.nothing.of.that }}", ""),
        ("{% if user.tags contains 'a' %}yes{% else %}no{% endif %}", "yes"),
        ("{% for tag in user.tags %}{{ tag }}.{% endfor %}", "a.b."),
        ("{{ user.__class__ }}{{ user.first_name.__class__ }}", ""),
    ],
)
def test_a_template_makes_text_of_a_user(text, made):
    assert Template(text).render(VALUES) == made


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("Hi {{ user.first_name", "Line 1"),
        ("one\ntwo {{ user.first_name | nonsense }}", "Line 2"),
        ("{% if %}", "Line 1"),
        ("{% include 'secrets' %}", "Line 1"),
        ("a\nb\n{{ first_name }}", "Line 3: nothing is called first_name"),
        ("{" * 200_001, "longer than"),
    ],
)
def test_a_template_that_can_t_be_read_is_refused_with_the_line(text, part):
    with pytest.raises(InvalidTemplate) as refused:
        Template(text)

    assert part in str(refused.value)
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(
    "text",
    [
        "{% for a in (1..100000000) %}{% endfor %}",
        "{% for a in (1..9999) %}{{ user.long }}{% endfor %}",
        "{{ 1 | divided_by: 0 }}",
    ],
)
def test_a_template_that_would_keep_a_worker_or_can_t_be_worked_out_fails_by_itself(text):
    with pytest.raises(InvalidTemplate):
        Template(text).render({"user": {"long": "x" * 1_000}})
