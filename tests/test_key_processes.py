"""Keys before several web processes: refused by each at once, and rotated under load."""

import http.client
import json
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from config.local.instance import Instance
from config.local.programs import Size
from config.local.throwaway import throwaway

pytestmark = [pytest.mark.alone, pytest.mark.xdist_group("key processes")]

PROCESSES = 3
PATH = "/partners/tinyclues/cohorts/users"
REFUSAL = {"message": "Invalid client secret"}


@pytest.fixture(scope="module")
def instance():
    with throwaway(children=("web",), size=Size(web_workers=PROCESSES)) as instance:
        instance.manage("create_workspace", "acme")
        yield instance


@pytest.fixture(scope="module")
def partner_api_key(instance):
    return instance.manage("issue_partner_api_key", "tinyclues").strip()


@pytest.fixture
def client_secret(instance):
    return instance.manage("issue_data_import_key", "tinyclues", "--workspace", "acme").strip()


def prefix(text):
    return text.rsplit("_", 1)[0]


class Line:
    """A connection that stays open, so that one and the same process answers all its calls."""

    def __init__(self, instance: Instance, partner_api_key):
        address = urlsplit(instance.url)
        self.connection = http.client.HTTPConnection("127.0.0.1", address.port, timeout=30)
        self.partner_api_key = partner_api_key

    def call(self, client_secret, changes=()):
        body = {
            "partner_api_key": self.partner_api_key,
            "client_secret": client_secret,
            "cohort_id": "spring",
            "cohort_changes": list(changes),
        }
        self.connection.request("POST", PATH, json.dumps(body))
        response = self.connection.getresponse()
        return response.status, json.loads(response.read())

    def process(self):
        """Who holds the other end of it."""
        here = self.connection.sock.getsockname()[1]
        there = self.connection.sock.getpeername()[1]
        return holder_of(inode_of(local=there, remote=here))


def inode_of(*, local, remote):
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _slot, one, other, *rest = line.split()
        if (port(one), port(other)) == (local, remote):
            return rest[6]
    raise AssertionError(f"no connection from {local} to {remote}")


def port(address):
    return int(address.rpartition(":")[2], 16)


def holder_of(inode):
    for path in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if path.readlink().name == f"socket:[{inode}]":
                return int(path.parts[2])
        except OSError:
            continue
    raise AssertionError(f"nobody holds socket {inode}")


def lines_to_every_process(instance, partner_api_key, client_secret):
    """One to each; which process takes a connection is for chance to say."""
    lines, until = {}, time.monotonic() + 30
    while len(lines) < PROCESSES:
        assert time.monotonic() < until, f"only {len(lines)} of {PROCESSES} processes answered"
        line = Line(instance, partner_api_key)
        assert line.call(client_secret) == (201, {"message": "success"})
        lines.setdefault(line.process(), line)
    return list(lines.values())


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(
    "command", [("invalidate_key",), ("rotate_key", "--grace", "now")], ids=lambda given: given[0]
)
def test_an_ended_key_is_refused_by_the_next_request_on_every_process(
    instance, partner_api_key, client_secret, command
):
    lines = lines_to_every_process(instance, partner_api_key, client_secret)

    instance.manage(command[0], prefix(client_secret), *command[1:])

    assert [line.call(client_secret) for line in lines] == [(401, REFUSAL)] * PROCESSES


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_new_key_is_known_to_every_process_at_once(instance, partner_api_key, client_secret):
    lines = lines_to_every_process(instance, partner_api_key, client_secret)

    successor = instance.manage("rotate_key", prefix(client_secret), "--grace", "1h").strip()

    for line in lines:
        assert line.call(successor)[0] == line.call(client_secret)[0] == 201


# --- Rotation under load -----------------------------------------------------------------


class Load:
    """Clients that call until it ends, with every key which was live when they began, in turn."""

    def __init__(self, instance, partner_api_key, client_secret, *, clients=6):
        self.live = [client_secret]
        self.answers = Counter()
        self._ends, self._lock = threading.Event(), threading.Lock()
        self._threads = [
            threading.Thread(target=self._run, args=(Line(instance, partner_api_key), number))
            for number in range(clients)
        ]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error):
        self._ends.set()
        for thread in self._threads:
            thread.join()

    def _run(self, line, number):
        while not self._ends.is_set():
            number += 1
            keys = self.live
            # Mostly the newest, as partners do; the others have their grace.
            key = keys[-1] if number % 3 else keys[number // 3 % len(keys)]
            changes = [{"user_ids": [f"user-{number}"]}] if number % 2 else []
            try:
                answer, _body = line.call(key, changes)
            except (OSError, http.client.HTTPException) as error:
                answer = repr(error)
            with self._lock:
                self.answers[answer] += 1

    def wants_more(self, *, requests, rotations):
        """Until both are reached, or something else than 201 has come."""
        with self._lock:
            if set(self.answers) - {201}:
                return False
            return self.answers[201] < requests or len(self.live) <= rotations


@pytest.mark.parametrize(
    ("requests", "rotations"), [(1_000, 1), pytest.param(10_000, 3, marks=pytest.mark.long)]
)
def test_no_request_with_a_live_key_is_refused_while_keys_rotate(
    instance, partner_api_key, client_secret, requests, rotations
):
    with Load(instance, partner_api_key, client_secret) as load:
        while load.wants_more(requests=requests, rotations=rotations):
            newest = load.live[-1]
            successor = instance.manage("rotate_key", prefix(newest), "--grace", "1h").strip()
            load.live = [*load.live, successor]

    assert set(load.answers) == {201}
    last = load.live[-1]
    instance.manage("rotate_key", prefix(last), "--grace", "now")
    assert Line(instance, partner_api_key).call(last) == (401, REFUSAL)
