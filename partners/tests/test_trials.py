"""The test call: real HTTP to the running server, with a key that nothing keeps."""

import http.server
import threading

import pytest
from django.urls import reverse
from django.utils import timezone

from cohorts.models import Cohort, Upload
from cohorts.tests.factories import Connector
from common.keys import KeyKind, generate
from partners import trials
from partners.models import DataImportKey, Integration, PartnerApiKey
from tests.factories import make_operator, make_partner, make_workspace
from workspaces.keys import invalidate
from workspaces.models import AuditEntry

pytestmark = pytest.mark.django_db(transaction=True)

SCRIPT = {"HX-Request": "true"}


@pytest.fixture
def connector():
    return Connector()


@pytest.fixture
def olga(client, connector):
    person = make_operator()
    client.force_login(person)
    return person


@pytest.fixture
def try_key(client, olga, live_server, settings, connector):
    """Fill in the form, at a server that listens."""
    settings.QUAYSIDE_URL = live_server.url

    def try_key(client_secret, headers=SCRIPT, **fields):
        address = reverse("admin:partners_partner_test", args=[connector.partner.pk])
        return client.post(address, {"client_secret": client_secret, **fields}, headers=headers)

    return try_key


def test_a_live_key_gets_the_answer_that_the_partner_gets(try_key, connector):
    shown = try_key(f" {connector.client_secret} ")

    answer = shown.context["answer"].reply
    assert (answer.status, answer.body) == (201, '{"message":"success"}')
    assert answer.request_id
    assert "The key works" in shown.content.decode()
    assert "another workspace" not in shown.content.decode()


def test_it_changes_no_cohort(try_key, connector):
    try_key(connector.client_secret)

    assert not Cohort.objects.exists()
    assert not Upload.objects.exists()


def test_an_invalidated_key_gets_the_real_refusal(try_key, connector):
    invalidate(DataImportKey.objects.get(), by="a test")

    answer = try_key(connector.client_secret).context["answer"].reply

    assert (answer.status, answer.body) == (401, '{"message":"Invalid client secret"}')


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ("invalidated", "The data import key was invalidated."),
        ("expired", "The data import key has expired."),
        ("garbled", "starts like one that works"),
        ("disabled", "the partner is disabled in this workspace"),
        ("unknown", "The data import key was refused."),
        ("elsewhere", "The data import key was refused."),
    ],
)
def test_a_refusal_says_what_is_wrong_with_the_key_of_this_page(try_key, connector, trouble, said):
    text, row = connector.client_secret, DataImportKey.objects.get()
    match trouble:
        case "invalidated":
            invalidate(row, by="a test")
        case "expired":
            DataImportKey.objects.update(expires_at=timezone.now())
        case "garbled":
            forged = generate(KeyKind.DATA_IMPORT)
            DataImportKey.objects.update(public_id=forged.public_id)
            text = forged.text
        case "disabled":
            Integration.objects.update(disabled_at=timezone.now())
        case "unknown":
            text = generate(KeyKind.DATA_IMPORT).text
        case "elsewhere":
            elsewhere = Connector("globex")
            invalidate(DataImportKey.objects.exclude(pk=row.pk).get(), by="a test")
            text = elsewhere.client_secret

    assert said in try_key(text).content.decode()


def test_a_partner_api_key_that_is_given_is_the_one_that_is_tried(try_key, connector):
    invalidate(PartnerApiKey.objects.get(), by="a test")
    assert try_key(connector.client_secret).context["answer"].reply.status == 201

    refused = try_key(connector.client_secret, partner_api_key=connector.partner_api_key)

    assert refused.context["answer"].reply.body == '{"message":"Invalid Partner API key"}'


def test_a_key_of_another_workspace_works_and_is_told_apart(try_key):
    elsewhere = Connector("globex")

    shown = try_key(elsewhere.client_secret)

    assert shown.context["answer"].reply.status == 201
    assert "goes to another workspace" in shown.content.decode()


@pytest.mark.parametrize("headers", [SCRIPT, {}])
def test_the_answer_repeats_no_key_and_is_kept_nowhere(try_key, connector, headers):
    keys = {"partner_api_key": connector.partner_api_key}

    for text in (connector.client_secret, connector.client_secret[:-1]):
        shown = try_key(text, headers, **keys)
        assert text not in shown.content.decode()
        assert connector.partner_api_key not in shown.content.decode()
        assert "no-store" in shown["Cache-Control"]


def test_the_key_that_was_lent_for_it_is_gone_afterwards(try_key, connector):
    before = set(PartnerApiKey.objects.values_list("pk", flat=True))

    try_key(connector.client_secret)

    assert set(PartnerApiKey.objects.values_list("pk", flat=True)) == before


def test_it_is_noted_with_its_outcome(try_key, connector, olga):
    try_key(connector.client_secret)
    try_key("no key at all")

    first, second = AuditEntry.objects.filter(action="integration.tested").order_by("pk")
    assert (first.actor, first.workspace) == ("olga", connector.workspace)
    assert first.object_id == "tinyclues"
    assert first.details == {"key": DataImportKey.objects.get().prefix, "status": 201}
    assert second.details == {"key": "", "status": 401}


def test_nobody_answering_is_said_and_the_lent_key_gone_too(try_key, connector, settings):
    settings.QUAYSIDE_URL = "http://127.0.0.1:1"

    shown = try_key(connector.client_secret)

    assert shown.context["answer"].reply.status == 0
    assert "Nothing answered at the endpoint" in shown.content.decode()
    assert PartnerApiKey.objects.count() == 1


@pytest.mark.parametrize("text", ["", " ", "a\0b", "x" * 256])
def test_what_can_t_be_a_key_is_not_sent(try_key, text):
    shown = try_key(text)

    assert "answer" not in shown.context
    assert 'role="alert"' in shown.content.decode()


class Echo(http.server.BaseHTTPRequestHandler):
    """A proxy whose error page repeats what it was sent."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(502)
        self.end_headers()
        self.wfile.write(b"<h1>Bad gateway</h1>" + body)

    def log_message(self, *args):
        pass


@pytest.fixture
def proxy():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_keys_that_a_proxy_repeats_are_blotted_out(connector, proxy):
    reply = trials.send(
        proxy,
        make_partner(),
        make_workspace(),
        client_secret=connector.client_secret,
        partner_api_key=connector.partner_api_key,
        by="a test",
    ).reply

    assert reply.status == 502
    assert "Bad gateway" in reply.body
    assert connector.client_secret not in reply.body
    assert connector.partner_api_key not in reply.body
