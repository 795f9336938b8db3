"""The runner with real processes: what comes back, and that nothing stays behind."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import pytest

from config.local.account import CannotStart
from config.local.home import CHECKOUT
from config.local.instance import OURS, Instance
from config.local.postgres import FORGETFUL
from config.local.throwaway import throwaway, throwaway_home

pytestmark = pytest.mark.alone


def wait_until(condition, seconds=30):
    until = monotonic() + seconds
    while not condition():
        assert monotonic() < until, "waited in vain"
        sleep(0.02)


def processes_of(home):
    """Ids of the living processes that carry this home in environment, command or folder."""
    signs = [os.fsencode(sign) for sign in (home.path, home.data)]
    found = set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            text = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            text += os.fsencode(os.readlink(entry / "cwd"))
        except OSError:
            continue
        if any(sign in text for sign in signs):
            found.add(int(entry.name))
    return found


@pytest.fixture
def home():
    with throwaway_home() as home:
        yield home


@pytest.fixture
def servers():
    with throwaway(children=()) as instance:
        yield instance


def run(home, *wrapper, **environment):
    """The runner as a process of its own; `state.json` says how far it got."""
    inherited = {name: value for name, value in os.environ.items() if name not in OURS}
    home.folder  # noqa: B018 - made before the process, which may be asked to stop at once
    return subprocess.Popen(
        [*wrapper, sys.executable, "-m", "config.local.run"],
        cwd=CHECKOUT,
        env=inherited | {"QUAYSIDE_HOME": str(home.path)} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def start_servers_script(home):
    """A runner of servers alone, for what doesn't need the application."""
    return [
        sys.executable,
        "-c",
        "import pathlib, sys, threading; from config.local.instance import Instance\n"
        "with Instance(pathlib.Path(sys.argv[1]), children=()): threading.Event().wait()",
        str(home.path),
    ]


def test_a_killed_server_comes_back(servers):
    for name in ("postgres", "redis"):
        killed = servers.pid(name)
        servers.kill(name, signal.SIGKILL)
        servers.await_ready(name)
        assert servers.pid(name) != killed


def test_without_restarting_a_killed_server_stays_away_until_started():
    with throwaway(children=(), restart=False) as servers:
        servers.kill("redis")
        sleep(0.3)
        assert servers.pid("redis") is None

        servers.start("redis")

        assert servers.redis.ready()


def test_a_frozen_server_answers_again_once_thawed(servers):
    servers.freeze("redis")
    assert not servers.redis.ready()
    servers.thaw("redis")
    assert servers.redis.ready()


def test_a_crash_of_postgres_loses_no_committed_row():
    with throwaway(children=(), durable=True) as servers:
        with servers.connect() as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS number")
        servers.restart_postgres("immediate")
        with servers.connect() as connection:
            assert connection.execute("SELECT number FROM kept").fetchone() == (1,)


def test_a_second_start_finds_the_data_of_the_first(home):
    for expected in (1, 2):
        with Instance(home, children=(), postgres_settings=FORGETFUL) as servers:
            with servers.connect() as connection:
                connection.execute("CREATE TABLE IF NOT EXISTS starts (at timestamptz)")
                connection.execute("INSERT INTO starts VALUES (now())")
                count = connection.execute("SELECT count(*) FROM starts").fetchone()
            assert count == (expected,)


def test_nothing_is_left_after_a_stop(home):
    with Instance(home, children=(), postgres_settings=FORGETFUL):
        assert processes_of(home)
    assert not processes_of(home)


def test_a_second_runner_on_the_same_home_is_refused(servers):
    with pytest.raises(CannotStart, match="already running"):
        Instance(servers.home, children=()).start()
    assert servers.redis.ready()


def test_a_frozen_server_is_stopped_all_the_same(home):
    servers = Instance(home, children=(), postgres_settings=FORGETFUL).start()
    servers.freeze("redis")
    servers.stop()
    assert not processes_of(home)


@pytest.mark.skipif(sys.platform != "linux", reason="needs the parent-death signal")
def test_a_killed_runner_takes_its_servers_with_it_and_the_next_one_starts(home):
    runner = subprocess.Popen(start_servers_script(home), cwd=CHECKOUT)
    wait_until(lambda: home.state.get("state") == "ready")
    runner.kill()
    runner.wait()
    wait_until(lambda: not processes_of(home))

    with Instance(home, children=(), postgres_settings=FORGETFUL) as servers:
        assert servers.postgres.ready()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_lock_file_that_names_a_stranger_does_not_stop_postgres(home):
    with Instance(home, children=(), postgres_settings=FORGETFUL) as servers:
        data = servers.postgres.data
        lock = (data / "postmaster.pid").read_text().splitlines()
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    (data / "postmaster.pid").write_text("\n".join([str(stranger.pid), *lock[1:], ""]))
    try:
        with Instance(home, children=(), postgres_settings=FORGETFUL) as servers:
            assert servers.postgres.ready()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_redis_moves_when_its_port_is_taken(home):
    with throwaway(children=()) as other:
        home.move_redis(other.home.redis_port)
        with Instance(home, children=(), postgres_settings=FORGETFUL) as servers:
            assert servers.redis.ready()
            assert home.redis_port != other.home.redis_port


def test_servers_that_have_a_url_are_not_started(servers, home):
    with Instance(
        home, children=(), database_url=servers.database_url, redis_url=servers.redis_url
    ) as guest:
        assert not guest.keeper.children


def test_a_web_port_in_use_is_one_clear_sentence(servers, home):
    taken = servers.home.redis_port
    with pytest.raises(CannotStart, match=f"^Port {taken} is in use: set PORT to another.$"):
        Instance(home, port=taken).start()
    assert not processes_of(home)


def test_a_bare_command_acts_on_the_running_instance(home):
    with Instance(home, children=(), postgres_settings=FORGETFUL) as servers:
        with servers.connect() as connection:
            connection.execute("CREATE TABLE here AS SELECT 1")
        shown = servers.manage("inspectdb", "here")
    assert "db_table = 'here'" in shown


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.long)]
)
def test_a_signal_stops_everything_also_in_the_background_of_a_script(home, number):
    ignoring = ("/bin/sh", "-c", 'trap "" INT; exec "$@"', "sh")
    runner = run(home, *ignoring, PORT=str(Instance(home).port))
    wait_until(lambda: home.state.get("state") == "ready", seconds=90)
    assert len(processes_of(home)) > 8

    runner.send_signal(number)
    output, _ = runner.communicate(timeout=40)

    assert runner.returncode == 0, output
    assert not processes_of(home)


def test_a_killed_worker_is_back_within_five_seconds_and_a_killed_runner_leaves_nothing(home):
    runner = run(home, PORT=str(Instance(home).port))
    wait_until(lambda: home.state.get("state") == "ready", seconds=90)
    worker = children_of(runner.pid, "worker")
    os.kill(worker.pop(), signal.SIGKILL)
    wait_until(lambda: children_of(runner.pid, "worker") - worker, seconds=5)

    runner.kill()
    runner.wait()

    wait_until(lambda: not processes_of(home), seconds=20)


def children_of(parent, word):
    """Its direct children with this word among their arguments."""
    found = set()
    for entry in Path("/proc").iterdir():
        try:
            status = (entry / "stat").read_text().rpartition(")")[2].split()
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if int(status[1]) == parent and word.encode() in words:
            found.add(int(entry.name))
    return found


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
@pytest.mark.parametrize(
    "number",
    [
        signal.SIGKILL,
        *(pytest.param(each, marks=pytest.mark.long) for each in (signal.SIGINT, signal.SIGTERM)),
    ],
)
def test_whatever_ends_make_alone_stops_everything(home, number):
    home.folder  # noqa: B018
    inherited = {name: value for name, value in os.environ.items() if name not in OURS}
    port = str(Instance(home).port)
    make = subprocess.Popen(
        [shutil.which("make"), "run"],
        cwd=CHECKOUT,
        env=inherited | {"QUAYSIDE_HOME": str(home.path), "PORT": port},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    wait_until(lambda: home.state.get("state") == "ready", seconds=120)

    make.send_signal(number)
    make.wait(timeout=40)

    wait_until(lambda: not processes_of(home), seconds=20)


@pytest.mark.long
@pytest.mark.parametrize("away", ["stopped", "frozen"])
def test_a_worker_listens_again_within_five_seconds_of_a_long_outage(away):
    with throwaway(children=("worker", "beat")) as instance:
        worker = instance.pid("worker")
        wait_until(lambda: listens(instance))
        instance.stop("redis") if away == "stopped" else instance.freeze("redis")
        sleep(40)
        instance.start("redis") if away == "stopped" else instance.thaw("redis")

        wait_until(lambda: listens(instance), seconds=5)

        assert instance.pid("worker") == worker


def listens(instance):
    with instance.redis.client() as client:
        return any(connection["cmd"] == "brpop" for connection in client.client_list())
