"""The segment form as tests fill it in and read it."""

from segments import services
from segments.tests.trees import tree
from segments.tree import parse
from tests.factories import BY

LIST = "/admin/segments/segment/"
ADD = f"{LIST}add/"


def make_segment(workspace, name="Buyers", filters=None, **others):
    return services.create(workspace, name=name, filters=parse(filters or tree()), by=BY, **others)


def page_of(found):
    return f"{LIST}{found.pk}/change/"


def row(key, *values, what="cohort/tinyclues", operator="includes", search=""):
    group, _, number = key.partition("-")
    return {
        f"{group}-row": [number],
        f"{key}-what": what,
        f"{key}-was": what,
        f"{key}-operator": operator,
        f"{key}-values": list(values),
        f"{key}-search": search,
    }


def form(*rows, **others):
    """The fields of one group with those rows."""
    fields = {"name": "Buyers", "match": "all", "group": ["g0"], "g0-match": "all", "g0-name": ""}
    for one in rows:
        fields["g0-row"] = fields.get("g0-row", []) + one.pop("g0-row", [])
        fields |= one
    return fields | others


def shown(answer):
    assert answer.status_code == 200, answer
    return " ".join(answer.content.decode().split())
