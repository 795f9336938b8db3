import pytest

from tests.factories import make_operator, make_workspace


@pytest.fixture
def acme(db):
    return make_workspace("acme")


@pytest.fixture
def globex(db):
    return make_workspace("globex")


@pytest.fixture
def olga(client, acme):
    client.force_login(make_operator())
    return client
