"""A partner as a workspace knows it: how it stands, its keys, what it has delivered."""

from dataclasses import dataclass
from functools import cached_property

from common import keyring
from partners import deliveries, health_states
from partners.deliveries import Deliveries
from partners.health_states import NOT_CONNECTED, Kind, State
from partners.models import DataImportKey, Integration, Partner
from partners.pages import checklist
from partners.pages.checklist import Step
from workspaces.models import Workspace


@dataclass
class Portrait:
    """Each part is read when it is first asked for. Without a workspace there is only the name."""

    partner: Partner
    workspace: Workspace | None

    @cached_property
    def integration(self) -> Integration | None:
        if self.workspace is None:
            return None
        found = Integration.objects.select_related("partner", "workspace")
        return found.filter(partner=self.partner, workspace=self.workspace).first()

    @cached_property
    def state(self) -> State:
        if self.workspace is None:
            return NOT_CONNECTED
        return health_states.states(self.workspace).get(self.partner.pk, NOT_CONNECTED)

    @property
    def is_disabled(self) -> bool:
        return self.state.kind is Kind.DISABLED

    @cached_property
    def keys(self) -> list[DataImportKey]:
        """The newest first, those that open nothing any more included."""
        if self.workspace is None:
            return []
        return list(self.partner.data_import_keys.filter(workspace=self.workspace))

    @cached_property
    def has_partner_api_key(self) -> bool:
        """Whether the partner can identify itself at all."""
        return self.partner.api_keys.filter(keyring.LIVE).exists()

    @cached_property
    def deliveries(self) -> Deliveries:
        if self.workspace is None:
            return Deliveries()
        return deliveries.read(self.workspace.pk, self.partner.pk)

    @cached_property
    def steps(self) -> list[Step]:
        return checklist.steps(self.integration, self.keys, self.deliveries)

    @property
    def is_set_up(self) -> bool:
        return all(step.is_done for step in self.steps)

    @property
    def may_hand_over(self) -> bool:
        """Whether there is something to say about it still."""
        done = {step.name: step.is_done for step in self.steps}
        return self.integration is not None and not done["handed-over"]
