"""What every channel is: it reads a message once, and serves batches of recipients with it."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from campaigns.models import Batch, Sending


class InvalidMessage(ValueError):
    """Why a message can't be sent as it is: sentences by the field that they are about."""

    def __init__(self, problems: dict[str, str]) -> None:
        self.problems = problems
        super().__init__(" ".join(problems.values()))


class ChannelAway(Exception):
    """Nothing can be sent for now, to nobody: the sending waits, and says why."""


class Carrier(ABC):
    """Carries the message of one sending. Made anew for each run of a task."""

    # Recipients of a batch.
    batch_size: ClassVar[int]

    def __init__(self, sending: Sending) -> None:
        """Raises `InvalidMessage`."""
        self.sending = sending
        self.workspace_id = sending.launch.campaign.workspace_id
        self.message: dict[str, Any] = sending.step.message

    @abstractmethod
    def serve(self, batch: Batch, *, until: float) -> None:
        """Serve the batch from where it stands, until it is done or `until` (monotonic).

        What became of everyone is on record whenever it ends, however it ends. By the holder
        of the batch's claim. Raises `Halted`, and `ChannelAway` with the batch as it was.
        """

    def close(self) -> None:  # noqa: B027  # most have nothing to let go of
        """Let go of connections."""

    @classmethod
    @abstractmethod
    def check(cls, message: dict[str, Any]) -> dict[str, Any]:
        """The message as it is to be kept. Raises `InvalidMessage`."""
