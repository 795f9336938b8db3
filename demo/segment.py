"""The segment that a marketer would build from the demo's cohorts."""

from segments import services, tree
from segments.models import Segment
from workspaces import audit
from workspaces.models import Workspace

NAME = "Christmas early birds without recent buyers"
DESCRIPTION = "For the Advent mailing: likely to buy early, and not served within a month."
FILTERS = {
    "version": 1,
    "match": "all",
    "groups": [
        {
            "name": "Early birds",
            "match": "all",
            "filters": [
                {
                    "kind": "cohort",
                    "partner": "tinyclues",
                    "operator": "includes",
                    "cohorts": [cohort],
                }
                for cohort in ("primary-cohort", "christmas-early-birds")
            ],
        }
    ],
    "exclusions": [
        {
            "name": "Bought lately",
            "match": "any",
            "filters": [
                {
                    "kind": "cohort",
                    "partner": "tinyclues",
                    "operator": "includes",
                    "cohorts": ["recent-buyers-30d"],
                }
            ],
        }
    ],
}


def make(workspace: Workspace, *, by: audit.Actor) -> None:
    """Create it, unless there is one of that name, whatever has become of it since."""
    if not Segment.objects.filter(workspace=workspace, name=NAME).exists():
        services.create(
            workspace,
            name=NAME,
            description=DESCRIPTION,
            tags=["Christmas", "e-mail"],
            filters=tree.parse(FILTERS),
            by=by,
        )
