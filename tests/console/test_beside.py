"""What the console starts beside itself, as real processes: over the right project, one at a time, told to its end."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
import yaml

from landbridge import config
from landbridge.bootstrap import Hub
from landbridge.console.acts import quarantine as acts
from landbridge.console.read.beside import newest
from landbridge.console.web import beside
from landbridge.store.engine import Store

PATIENCE = 120.0


@pytest.fixture
def hub(store: Store, database: str, tmp_path: Path) -> Iterator[Hub]:
    """A project whose configuration is called otherwise; beside it lies one that leads elsewhere."""
    (tmp_path / "landbridge.yaml").write_text("accounts: {}\nsurely: not this one\n")
    account = {"system": "salesforce", "base_url": "http://127.0.0.1:9"}
    (tmp_path / "other.yaml").write_text(yaml.safe_dump({"database": database, "accounts": {"salesforce": account}}))
    hub = Hub(config.load(tmp_path / "other.yaml"))
    yield hub
    hub.close()


def until(met: Callable[[], object]) -> None:
    """Look until it is so."""
    deadline = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def state(hub: Hub) -> str | None:
    found = newest(hub, "replay")
    return found.state if found else None


def test_it_works_on_the_project_that_the_console_shows_in_the_callers_name(hub: Hub) -> None:
    assert acts.replay(hub, "kim")
    assert state(hub) == "begins"
    until(lambda: state(hub) not in ("begins", "running"))
    assert state(hub) == "done", (hub.project.data / "console.log").read_text()
    with hub.store.begin() as connection:
        started = sa.text("SELECT actor FROM audit_event WHERE kind = 'run.started'")
        assert list(connection.scalars(started)) == ["kim"]


def test_however_often_it_is_asked_for_one_is_at_work_and_one_waits(hub: Hub) -> None:
    with hub.store.only_one("publish"):  # it waits for this, as for a publish
        assert acts.replay(hub, "kim")
        until(lambda: state(hub) == "running")
        assert [acts.replay(hub, who) for who in ("bo", "ann", "bo")] == [False] * 3
        first = beside.of(hub, "replay")
        assert first and list(first.waiting.values()) == ["bo"]
        os.kill(first.process.pid, signal.SIGKILL)
        until(lambda: beside.of(hub, "replay") is not first)
        assert state(hub) == "begins", "what waited follows, also upon one that was killed"
    until(lambda: state(hub) == "done")
    with hub.store.begin() as connection:
        runs = connection.execute(sa.text("SELECT count(*) FROM run WHERE flow = 'replay'"))
        assert runs.scalar() == 2


def test_one_that_was_killed_is_told_as_ended_at_once(hub: Hub) -> None:
    with hub.store.only_one("publish"):
        acts.replay(hub, "kim")
        until(lambda: state(hub) == "running")
        work = beside.of(hub, "replay")
        assert work
        os.kill(work.process.pid, signal.SIGKILL)
        work.process.wait()
        until(lambda: state(hub) == "lost")  # the server needs a moment to see that its client is gone
        found = newest(hub, "replay")
        assert found and not found.under_way


def test_one_that_ended_before_it_began_is_told(hub: Hub) -> None:
    hub.project.file.write_text("accounts: nonsense\n")
    acts.replay(hub, "kim")
    until(lambda: state(hub) != "begins")
    found = newest(hub, "replay")
    assert found and found.state == "failed" and "before it began" in str(found.error)
