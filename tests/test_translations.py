"""Every text that people see can be translated, and is."""

import ast
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings

from config import catalogue

ROOT = Path(settings.BASE_DIR)
HELP = "run `manage.py translations` and translate what it names"

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd%]|\{\w*\}")


@pytest.fixture(scope="module", params=catalogue.languages())
def translated(request):
    return catalogue.read(request.param)


def texts_of(found):
    return {(str(message.id), message.context) for message in found if message.id}


def test_every_text_of_the_code_has_its_translation(translated):
    missing = texts_of(catalogue.collect()) - texts_of(translated)

    assert missing == set(), HELP
    assert [message.id for message in catalogue.untranslated(translated)] == [], HELP


def test_no_translation_is_left_of_a_text_that_is_gone(translated):
    assert texts_of(translated) - texts_of(catalogue.collect()) == set(), HELP


def test_what_django_loads_is_what_translators_wrote(translated):
    language = str(translated.locale)

    assert catalogue.path_of(language, "mo").read_bytes() == catalogue.compiled(translated), HELP


def test_a_translation_fills_in_the_same_values_as_its_text(translated):
    wrong = []
    for message in translated:
        originals = message.id if isinstance(message.id, tuple) else (message.id,)
        wanted = set().union(*(PLACEHOLDER.findall(text) for text in originals))
        for text in catalogue.strings(message):
            if message.id and not set(PLACEHOLDER.findall(text)) <= wanted:
                wrong.append(text)
        if message.id and wanted - set(PLACEHOLDER.findall(catalogue.strings(message)[-1])):
            wrong.append(message.id)
    assert wrong == []


# --- Nothing that can't be translated ---------------------------------------------------

DJANGO = re.compile(
    r"\{#.*?#\}|\{%\s*comment.*?endcomment\s*%\}"
    r"|\{%\s*blocktrans(?:late)?\b.*?\{%\s*endblocktrans(?:late)?\s*%\}|\{%.*?%\}|\{\{.*?\}\}",
    re.DOTALL,
)
WORD = re.compile(r"[A-Za-z]{2,}")
READ_OUT = {"title", "alt", "aria-label", "placeholder"}
# Names, and what people type as it stands.
NO_WORDS = {"Quayside"}


class Literals(HTMLParser):
    """What a browser would show of a template that no tag of Django's puts there."""

    def __init__(self):
        super().__init__()
        self.found = []
        self._silent = []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        icon = "material-symbols-outlined" in (found.get("class") or "")
        if tag in ("script", "style", "code", "pre") or icon:
            self._silent.append(tag)
        self.found += [
            text for name, text in attrs if name in READ_OUT and text and WORD.search(text)
        ]

    def handle_endtag(self, tag):
        if self._silent and self._silent[-1] == tag:
            self._silent.pop()

    def handle_data(self, data):
        text = data.strip()
        if not self._silent and WORD.search(text) and text.strip(" |·") not in NO_WORDS:
            self.found.append(text)


def test_templates_hold_no_text_that_can_t_be_translated():
    wrong = {}
    for path in sorted((ROOT / "templates").rglob("*.html")):
        reader = Literals()
        reader.feed(DJANGO.sub("", path.read_text()))
        if reader.found:
            wrong[str(path.relative_to(ROOT))] = reader.found
    assert wrong == {}


# What these are given is shown to people as it is. The OpenAPI document stays English.
SHOWN = {"label", "help_text", "verbose_name", "verbose_name_plural", "empty_label"}


def shown(node):
    """The values in a piece of code that people are shown."""
    if isinstance(node, ast.Assign):
        names = {target.id for target in node.targets if isinstance(target, ast.Name)}
        return [node.value] if names & SHOWN else []
    if not isinstance(node, ast.Call):
        return []
    called = ast.unparse(node.func)
    if called.startswith("messages."):
        return node.args[1:2]
    return [word.value for word in node.keywords if word.arg in SHOWN and "Field" in called]


def literals_of(path):
    for node in ast.walk(ast.parse(path.read_text())):
        for value in shown(node):
            is_literal = isinstance(value, ast.JoinedStr) or isinstance(
                getattr(value, "value", None), str
            )
            if is_literal and WORD.search(ast.unparse(value)):
                yield f"{path.relative_to(ROOT)}:{value.lineno}"


def test_forms_models_and_messages_hold_no_text_that_can_t_be_translated():
    code = [path for path in catalogue.files(ROOT) if path.suffix == ".py"]
    pages = [path for path in code if not path.name.endswith("schema.py")]

    assert [place for path in pages for place in literals_of(path)] == []
