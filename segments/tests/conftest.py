import pytest

from tests.factories import make_workspace


@pytest.fixture
def acme(db):
    return make_workspace("acme")


@pytest.fixture
def globex(db):
    return make_workspace("globex")
