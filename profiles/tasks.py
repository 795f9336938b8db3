from celery import shared_task
from kombu.exceptions import OperationalError

from profiles import known, purging, waiting
from profiles.facets import folding
from workspaces.models import Workspace

# Well below a task's time limit; what is left then is the next task's.
PURGE_BUDGET_SECONDS = 20
FOLD_BUDGET_SECONDS = 10


@shared_task
def fold_known() -> None:
    """Fold what was appended since the last ring. Ringing twice does no harm."""
    known.fold_all()
    waiting.fold_all()


@shared_task
def fold_facets() -> None:
    """Fold changed values for a while, where they are due."""
    folding.fold_due(budget_seconds=FOLD_BUDGET_SECONDS)


@shared_task
def purge_waiting() -> None:
    """Enqueue a purge for every workspace with ids that have waited too long."""
    for workspace_id in purging.overdue_workspaces():
        purge_workspace.apply_async([workspace_id], expires=600)


@shared_task
def purge_workspace(workspace_id: int) -> None:
    """Purge for a while, and go to the back of the queue until nothing is found."""
    workspace = Workspace.objects.get(pk=workspace_id)
    if purging.purge(workspace, budget_seconds=PURGE_BUDGET_SECONDS, by="retention"):
        try:
            purge_workspace.apply_async([workspace_id], expires=600)
        except OperationalError:
            return  # Redis is away; the next ring finds the workspace
