"""Every text that people see, and its translations: collected, kept and compiled without gettext.

Texts are collected from Python and templates (`collect`), kept in `locale/<language>` as a
`.po` file for translators (`read`, `write`), and compiled beside it into the `.mo` that Django
loads. Both are committed, so that no installation needs tools.
"""

import io
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from gettext import GNUTranslations
from pathlib import Path
from typing import Any, BinaryIO

import django
import unfold
from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract, extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(settings.BASE_DIR)
# The theme brings no translations of its own.
THEME = Path(unfold.__file__).parent
# Where there is nothing to read by people of the dashboard.
LEFT_OUT = frozenset({"tests", "migrations", "bench", "demo", "static", "locale"})

_KEYWORDS: dict[str, Any] = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
_OPTIONS: Any = {}
_NO_DAY = datetime(2026, 1, 1, tzinfo=UTC)
_HEADER = """\
# Translations of Quayside. `manage.py translations` keeps this file in step with the code.
msgid ""
msgstr ""
"Language: %(language)s\\n"
"Plural-Forms: %(plurals)s\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""
_CALL = re.compile(
    r"""\bn?p?gettext\((?:[^()'"]|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")*\)|"""
    r"""\b_\((?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")\)""",
    re.DOTALL,
)


def languages() -> list[str]:
    """Those that need a translation: all but the one that the code is written in."""
    return [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


def collect() -> Catalog:
    """Every text in the code, with the places that it comes from."""
    found = _catalogue()
    for path in files(ROOT):
        for text, context in _texts(path):
            found.add(text, None, [(str(path.relative_to(ROOT)), 0)], context=context)
    for path in files(THEME):
        for text, context in _texts(path):
            if text not in found and not _is_django_s(text):
                found.add(text, None, [(f"{THEME.name}/{path.name}", 0)], context=context)
    return found


def path_of(language: str, suffix: str) -> Path:
    return ROOT / "locale" / language / "LC_MESSAGES" / f"django.{suffix}"


def read(language: str) -> Catalog:
    path = path_of(language, "po")
    if not path.exists():
        return _catalogue(language)
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language, charset="utf-8")
    # The file names no dates; Babel would take it for made this minute, and compile that in.
    catalogue.creation_date = catalogue.revision_date = _NO_DAY
    return catalogue


def update(language: str) -> Catalog:
    """The translations that there are, for the texts that there are, written and compiled.

    A text that was changed is a new one, without a translation: guessing from a similar one
    makes mistakes that nobody notices.
    """
    kept = read(language)
    catalogue = _catalogue(language)
    for message in sorted(collect(), key=_order):
        if message.id:
            before = kept.get(message.id, message.context)
            text = before.string if before else ""
            places = sorted(set(message.locations))
            catalogue.add(message.id, text, places, message.flags, context=message.context)
    path = path_of(language, "po")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_po(catalogue))
    path_of(language, "mo").write_bytes(compiled(read(language)))
    return catalogue


def compiled(catalogue: Catalog) -> bytes:
    """The `.mo` of a catalogue, the same bytes whenever it is made."""
    file = io.BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def untranslated(catalogue: Catalog) -> list[Message]:
    """Texts without a translation, or with one of their plural forms missing."""
    return [message for message in catalogue if message.id and not all(strings(message))]


def strings(message: Message) -> tuple[str, ...]:
    """The translations of a message, one for each plural form."""
    text = message.string
    return tuple(text) if isinstance(text, list | tuple) else (text or "",)


def _catalogue(language: str | None = None) -> Catalog:
    """An empty one whose header changes with nothing."""
    return Catalog(
        locale=language,
        charset="utf-8",
        fuzzy=False,
        project="Quayside",
        version="1",
        creation_date=_NO_DAY,
        revision_date=_NO_DAY,
    )


def _po(catalogue: Catalog) -> bytes:
    file = io.BytesIO()
    write_po(file, catalogue, omit_header=True, width=100, include_lineno=False)
    header = _HEADER % {"language": catalogue.locale, "plurals": catalogue.plural_forms}
    return header.encode() + file.getvalue()


def _extract_template(
    file: BinaryIO, keywords: Any, comment_tags: Any, options: Any
) -> Iterator[Any]:
    """What `templatize` makes is for xgettext and no Python, but for the calls in it."""
    calls = "\n".join(_CALL.findall(templatize(file.read().decode())))
    yield from extract_python(io.BytesIO(calls.encode()), keywords, comment_tags, _OPTIONS)


def _texts(path: Path) -> Iterator[tuple[Any, str | None]]:
    reader: Callable[..., Any] = extract_python if path.suffix == ".py" else _extract_template
    with path.open("rb") as file:
        for _line, text, _comments, context in extract(reader, file, _KEYWORDS):
            if text:
                yield text, context


def _is_django_s(text: Any) -> bool:
    """Whether every language has it from Django already; then it needs no other from us."""
    single = text[0] if isinstance(text, tuple) else text
    return all(any(single in found for found in _django_s(language)) for language in languages())


@cache
def _django_s(language: str) -> list[dict[str, str]]:
    """The texts of Django and its admin, by what they are in English."""
    root = Path(django.__file__).parent
    paths = root.glob(f"**/locale/{language}/LC_MESSAGES/django.mo")
    catalogues = []
    for path in paths:
        with path.open("rb") as file:
            catalogues.append(GNUTranslations(file)._catalog)  # type: ignore[attr-defined]
    return catalogues


def files(root: Path) -> Iterator[Path]:
    """Python and templates below a folder, but for what nobody of the dashboard reads."""
    for entry in sorted(root.iterdir()):
        if entry.name[0] != "." and entry.name not in LEFT_OUT:
            for path in sorted(entry.rglob("*")) if entry.is_dir() else [entry]:
                within = path.relative_to(root).parts
                if path.suffix in (".py", ".html", ".txt") and not LEFT_OUT & set(within):
                    yield path


def _order(message: Message) -> tuple[str, str]:
    """By place, so that what stands on a page is translated together."""
    place = min(message.locations)[0] if message.locations else ""
    return place, str(message.id)
