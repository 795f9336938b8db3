"""Servers that somebody else runs: whether they answer, and how to name them without secrets."""

from collections.abc import Callable
from time import monotonic
from urllib.parse import urlsplit

import environ
import psycopg
import redis

from config.local.account import CannotStart
from config.local.redis_server import answers

PATIENCE_SECONDS = 60


def await_answers(
    database_url: str, redis_url: str, *, say: Callable[[str], None], pause: Callable[[], None]
) -> None:
    """Return when each that has a URL answers. Raises `CannotStart` after a minute."""
    if database_url:
        await_answer(database_url, postgres_answers, say, pause)
    if redis_url:
        await_answer(redis_url, redis_answers, say, pause)


def await_answer(
    url: str,
    answers: Callable[[str], bool],
    say: Callable[[str], None],
    pause: Callable[[], None],
) -> None:
    until = monotonic() + PATIENCE_SECONDS
    if not answers(url):
        say(f"Waiting for {address(url)} to answer.")
    while not answers(url):
        if monotonic() > until:
            raise CannotStart(f"{address(url)} didn't answer for a minute. Is it running?")
        pause()


def postgres_answers(url: str) -> bool:
    """Asked with what the settings make of the URL, not with what libpq would."""
    settings = environ.Env.db_url_config(url)
    names = {"HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password"}
    given = {name: settings[key] for key, name in names.items() if settings[key]}
    options = {"connect_timeout": 2, "dbname": settings["NAME"], **settings.get("OPTIONS", {})}
    try:
        with psycopg.connect(**(given | options)):
            return True
    except psycopg.OperationalError:
        return False


def redis_answers(url: str) -> bool:
    return answers(lambda: redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1))


def address(url: str) -> str:
    """The URL without user and password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
