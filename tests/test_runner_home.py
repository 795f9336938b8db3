"""The home: its secrets, its modes, and addresses that everybody understands."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import environ
import psycopg.conninfo
import pytest

from config.local.account import Account, reachable
from config.local.home import SOCKET_NAME, SOCKET_PATH_BYTES, Home, local_home


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_naming_a_home_makes_nothing(home):
    assert not home.path.exists()


def test_the_home_and_its_secrets_are_closed_to_others(home):
    assert home.secret_key

    assert mode(home.path) == 0o700
    assert mode(home.path / "secrets.json") == 0o600


def test_a_home_that_others_can_read_is_closed(home):
    home.path.mkdir(mode=0o755)

    assert mode(home.folder) == 0o700


def test_secrets_are_made_once(home):
    again = Home(home.path)

    assert (home.secret_key, home.peppers) == (again.secret_key, again.peppers)
    assert set(home.peppers) == {1}
    assert len(bytes.fromhex(home.peppers[1])) == 32


def test_all_who_race_for_the_secrets_get_the_same(home):
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda number: Home(home.path).secret_key, range(16)))

    assert len(keys) == 1
    assert [path.name for path in home.path.iterdir()] == ["secrets.json"]


def test_two_homes_have_nothing_in_common(tmp_path):
    one, other = Home(tmp_path / "one"), Home(tmp_path / "other")

    assert one.secret_key != other.secret_key
    assert one.redis_password != other.redis_password
    assert one.socket_folder != other.socket_folder


def test_django_and_libpq_read_the_same_address(tmp_path):
    home = Home(tmp_path / "a folder, 100 % odd")

    django = environ.Env.db_url_config(home.database_url)
    libpq = psycopg.conninfo.conninfo_to_dict(home.database_url)

    assert django["OPTIONS"]["host"] == libpq["host"] == str(home.socket_folder)
    assert django["NAME"] == libpq["dbname"] == "quayside"
    assert django["USER"] == libpq["user"] == "quayside"
    assert str(django["PORT"]) == libpq["port"] == "5432"


def test_a_deep_home_still_gets_a_socket_that_fits(tmp_path):
    home = Home(tmp_path / ("deep" * 30))

    assert len(str(home.socket_folder / SOCKET_NAME)) <= SOCKET_PATH_BYTES


def test_the_environment_names_the_home():
    assert local_home({"QUAYSIDE_HOME": "/srv/quayside"}).path == Path("/srv/quayside")
    assert local_home({}).path == local_home({"QUAYSIDE_HOME": ""}).path
    assert local_home({}).path.name == ".local"


def test_a_removed_home_leaves_nothing(home):
    home.socket_folder.mkdir(parents=True)
    outside = home.data

    home.remove()

    assert not home.path.exists()
    assert not outside.exists()


def test_a_file_below_a_private_folder_is_out_of_a_strangers_reach(tmp_path):
    stranger = Account("stranger", 64_321, 64_321)
    (tmp_path / "private").mkdir(mode=0o700)
    (tmp_path / "private" / "file").touch()

    assert reachable(Path("/etc/passwd"), stranger)
    assert not reachable(tmp_path / "private" / "file", stranger)
