"""Find a cohort by whatever somebody has at hand: its name, an old one, its id, a file name."""

import re

from django.db.models import CharField, Exists, F, Func, OuterRef, Q, QuerySet, Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan

from cohorts.models import Cohort, FormerName

FIELDS = ("name", "own_name", "external_id", "export_file_name")

_EXTENSION = re.compile(
    r"(\.(csv|tsv|txt|json|jsonl|ndjson|xls|xlsx|parquet|avro|gz|zip|bz2|zst)){1,2}$",
    re.IGNORECASE | re.ASCII,
)


class Plain(Func):
    """A text without case and separators, so that `Spring-Buyers` is found by `spring_buyers`.

    Both sides of a comparison go through it in the database, whose idea of a letter is
    then the same for both. Its default collation is asked for, because that of ids is "C".
    """

    template = (
        """regexp_replace(lower(%(expressions)s COLLATE "default"), """
        """'[[:space:][:punct:]]+', '', 'g')"""
    )
    output_field = CharField()


def search(cohorts: QuerySet[Cohort], text: str) -> QuerySet[Cohort]:
    """Those with `text` in a name, a former name, the id or the export file name.

    Case, separators and a file's extension make no difference. A text of nothing but
    separators is looked for as it stands; a blank one finds everything.
    """
    wanted = text.replace("\0", "").strip()
    if not wanted:
        return cohorts
    wanted = _EXTENSION.sub("", wanted) or wanted
    literally = not any(character.isalnum() for character in wanted)
    former = FormerName.objects.filter(_holds("name", wanted, literally), cohort=OuterRef("pk"))
    found = Q(Exists(former))
    for field in FIELDS:
        found |= _holds(field, wanted, literally)
    return cohorts.filter(found)


def _holds(field: str, wanted: str, literally: bool) -> Q:
    if literally:
        return Q(**{f"{field}__icontains": wanted})
    return Q(GreaterThan(StrIndex(Plain(F(field)), Plain(Value(wanted))), 0))
