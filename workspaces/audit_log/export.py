"""The audit log as a file, a piece at a time, however long it is."""

import json
from collections.abc import Iterator
from itertools import islice

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from common.spreadsheets import write_csv
from workspaces.audit_log.names import names
from workspaces.audit_log.words import kind_words, words
from workspaces.models import AuditEntry

AT_ONCE = 1_000

Row = tuple[object, ...]


def as_csv(entries: QuerySet[AuditEntry]) -> Iterator[bytes]:
    """A header, then a line for each entry in its order; a formula in it is no formula.

    Names are looked up for a thousand entries at once, and no more of them are in memory.
    """
    yield write_csv([_header()])
    rest = entries.select_related("workspace").iterator(chunk_size=AT_ONCE)
    while batch := list(islice(rest, AT_ONCE)):
        yield write_csv(_rows(batch))


def _header() -> Row:
    return (
        _("when"),
        _("who"),
        _("what"),
        _("kind of object"),
        _("object"),
        _("object id"),
        _("from where"),
        _("workspace"),
        _("details"),
    )


def _rows(entries: list[AuditEntry]) -> Iterator[Row]:
    named = names(entries)
    for entry in entries:
        yield (
            entry.at.isoformat(),
            entry.actor,
            words(entry.action),
            kind_words(entry.object_type),
            named[entry.pk].name,
            entry.object_id,
            entry.address or "",
            entry.workspace.slug if entry.workspace else "",
            json.dumps(entry.details, ensure_ascii=False) if entry.details else "",
        )
