"""What authenticating says of a caller, and what it costs. The calls' tests have the refusals."""

import pytest

from common import keys
from common.errors import NotFound, Unauthorized
from common.keys import KeyKind
from partners.authentication import authenticate
from partners.models import DataImportKey
from tests.factories import make_keys, make_partner, make_workspace


@pytest.fixture
def acme(db):
    return make_workspace("acme")


def test_the_caller_is_the_partner_in_the_workspace_of_its_data_import_key(acme):
    tinyclues = make_partner("tinyclues")
    caller = authenticate("tinyclues", *make_keys(acme, tinyclues), address="203.0.113.7")

    assert (caller.partner_id, caller.workspace_id) == (tinyclues.pk, acme.pk)
    assert caller.key_id == DataImportKey.objects.get().pk
    assert (caller.stale_last_use, caller.address) == (True, "203.0.113.7")
    assert caller.quota.remaining == caller.quota.limit


def test_one_partner_key_opens_every_workspace_that_let_the_partner_in(acme):
    tinyclues, globex = make_partner("tinyclues"), make_workspace("globex")
    partner_key, _ = make_keys(acme, tinyclues)
    _, secret = make_keys(globex, tinyclues)

    assert authenticate("tinyclues", partner_key, secret).workspace_id == globex.pk


def test_authenticating_is_one_query_whatever_the_keys(acme, django_assert_num_queries):
    good = make_keys(acme, make_partner("tinyclues"))
    unknown = [keys.generate(kind).text for kind in (KeyKind.PARTNER_API, KeyKind.DATA_IMPORT)]

    # The partner, both keys, the integration and the hour's count, all in one.
    with django_assert_num_queries(1):
        authenticate("tinyclues", *good)
    for refused in (unknown, ["malformed", None]):
        with django_assert_num_queries(1), pytest.raises(Unauthorized):
            authenticate("tinyclues", *refused)
    with django_assert_num_queries(1), pytest.raises(NotFound):
        authenticate("nobody", *good)
