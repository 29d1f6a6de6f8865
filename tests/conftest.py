"""A real PostgreSQL for every test: one embedded server a session, one fresh database a test."""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import psycopg
import pytest

from landbridge.store import embedded
from landbridge.store.engine import Store
from landbridge.store.schema import upgrade

# Some hundred commands start here: where the shell forbids bytecode, each would compile Landbridge anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# No test talks to a stranger: reading everybody's certificates costs each HTTP client 20 ms of a processor.
os.environ.pop("SSL_CERT_FILE", None)
os.environ["SSL_CERT_DIR"] = os.devnull

# Started in the background by a shell, we are deaf to Ctrl-C, and so would be the commands that tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

hypothesis.settings.register_profile("untimed", deadline=None)  # how busy the machine is proves nothing
hypothesis.settings.load_profile("untimed")


def pytest_xdist_auto_num_workers() -> int:
    """Three workers on two processors: tests wait for systems that pretend to be slow, and for schedules."""
    return (len(os.sched_getaffinity(0)) * 3 + 1) // 2


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow ones first, so that no worker is left with a long one at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session")
def server() -> str:
    """The URI of this session's embedded server. Not under pytest's own folders: another session prunes those."""
    folder = Path(tempfile.mkdtemp(prefix="landbridge-tests-", dir=_memory()))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)  # after the server's own end, which registers later
    uri = embedded.start(folder / "postgres")
    for setting in ("fsync = off", "full_page_writes = off", "max_wal_size = '128MB'"):
        _administer(
            uri, f"ALTER SYSTEM SET {setting}"
        )  # tests kill our processes, never the machine under the database
    _administer(uri, "SELECT pg_reload_conf()")
    return uri


def _memory() -> str | None:
    """A folder in memory, where there is one with room: a database is ten megabytes to be copied for each test, and
    a file system on a disk takes up to ten times as long for it. None: where temporary files go."""
    folder = Path("/dev/shm")
    roomy = folder.is_dir() and os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > 4 << 30
    return str(folder) if roomy else None


def _other_database(uri: str, name: str) -> str:
    return uri.replace("/postgres?", f"/{name}?", 1)


@cache
def _administrator(uri: str) -> psycopg.Connection[Any]:
    return psycopg.connect(uri, autocommit=True)


def _administer(uri: str, statement: str) -> None:
    _administrator(uri).execute(statement.encode())


@pytest.fixture(scope="session")
def template(server: str) -> str:
    """The name of a database with our tables in it, to be copied by each test (faster than migrating anew)."""
    _administer(server, "CREATE DATABASE template_landbridge")
    store = Store(_other_database(server, "template_landbridge"))
    upgrade(store)
    store.close()
    return "template_landbridge"


@contextmanager
def fresh_database(server: str, template: str) -> Iterator[str]:
    """The URI of a fresh database with our tables in it, dropped at the end. Takes 40 ms."""
    name = f"test_{secrets.token_hex(6)}"
    _administer(server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    try:
        yield _other_database(server, name)
    finally:
        _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(server: str, template: str) -> Iterator[str]:
    """The URI of a fresh database with our tables in it."""
    with fresh_database(server, template) as uri:
        yield uri


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    """A store over a fresh database."""
    store = Store(database)
    yield store
    store.close()


@pytest.fixture
def shared() -> Path:
    """The folder of vendors' contracts beside the checkout. Tests that need it skip where it is absent."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("the vendors' contracts lie beside the checkout on the project's own machines only")
    return folder
