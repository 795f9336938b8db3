"""Filter trees in few words, and the users and cohorts to count with them."""

from pyroaring import BitMap64

from cohorts import blocks
from cohorts.models import Cohort
from common import bitmaps
from profiles import known
from tests.factories import make_partner


def cohort(*names, operator="includes", partner="tinyclues"):
    return {"kind": "cohort", "partner": partner, "operator": operator, "cohorts": list(names)}


def without(*names):
    return cohort(*names, operator="does_not_include")


def segment(found, operator="includes"):
    return {"kind": "segment", "operator": operator, "segment": str(getattr(found, "pk", found))}


def group(*filters, match="all", name=""):
    return {"name": name, "match": match, "filters": list(filters)}


def tree(*groups, match="all", exclusions=()):
    return {"version": 1, "match": match, "groups": list(groups), "exclusions": list(exclusions)}


def make_cohort(workspace, external_id, members=(), *, partner="tinyclues", **others):
    """A cohort that holds those profile ids, waiting ones among them."""
    made = Cohort.objects.create(
        workspace=workspace, partner=make_partner(partner), external_id=external_id, **others
    )
    held = BitMap64(members)
    blocks.store(made.pk, held, bitmaps.block_numbers(held))
    return made


def know(workspace, *ids, added=(), removed=()):
    """Users who exist: in blocks, or in changes that aren't folded yet."""
    known.write_blocks(workspace.pk, BitMap64([*ids, *removed]))
    known.append(workspace.pk, added=added, removed=removed)
