"""The README promises what there is: its settings, its commands, its links."""

import re

import pytest
from django.conf import settings
from django.core.management import get_commands

ROOT = settings.BASE_DIR
README = (ROOT / "README.md").read_text()
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
# However code may read a variable of the environment.
READS = (
    r'\benv\.\w+\(\s*"([A-Z_]+)"',
    r'environ(?:ment)?\.get\(\s*"([A-Z_]+)"',
    r'environ(?:ment)?\["([A-Z_]+)"\]',
    r'"([A-Z_]+)" in os\.environ',
)


def read_by_the_code():
    sources = [path.read_text() for path in (ROOT / "config").rglob("*.py")]
    return {name for source in sources for read in READS for name in re.findall(read, source)}


def listed_in_the_table():
    table = README.partition("\n## Settings")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (.+?) \|", table, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([A-Z_]+)`", cell)}


def test_every_variable_that_is_read_is_in_the_table():
    assert read_by_the_code() - listed_in_the_table() == set()


def test_every_variable_in_the_table_is_read():
    assert listed_in_the_table() - read_by_the_code() == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_a_page_names_exists(page):
    named = set(re.findall(r"manage\.py (\w+)", page.read_text()))

    assert named <= set(get_commands())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_to_one(page):
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())

    assert [link for link in links if not (page.parent / link).exists()] == []
