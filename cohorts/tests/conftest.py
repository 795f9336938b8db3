import pytest

from cohorts.tests.factories import Connector
from profiles.tests.backend import BackEnd


@pytest.fixture
def tinyclues(db):
    """Tinyclues' connector with keys for Acme."""
    return Connector("acme", "tinyclues")


@pytest.fixture
def shop(db):
    """The back end of Acme, with a REST API key."""
    return BackEnd("acme")
