"""A project as a user has one: a folder, a landbridge.yaml, the command, and systems that answer over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
import yaml

from landbridge.store.engine import Store
from tests import warm
from tests.sandbox_process import start_sandbox

PEOPLE = 120
NOW = f"{datetime.now(UTC):%Y-%m-%dT00:00:00+00:00}"
"""One moment for every world of a session, so that two sandboxes of one seed play the same people."""


@dataclass
class Journey:
    """A user's project and the world it talks to."""

    home: Path
    database: str
    world: dict[str, Any]
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def store(self) -> Store:
        return Store(self.database)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """The command `landbridge`, started as a shell starts it."""
        command = [sys.executable, "-m", "landbridge", *words]
        return subprocess.Popen(
            command, cwd=self.home, env=self._shell, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def under_way(self, *words: str) -> warm.Running:
        """The command `landbridge` in a process of its own, at its work or at its end."""
        return warm.Running(words, self.home, self._shell)

    @property
    def _shell(self) -> dict[str, str]:
        return {**os.environ, "LANDBRIDGE_DATABASE": self.database, "PREFECT_API_URL": "", **self.environment}

    def landbridge(self, *words: str, code: int = 0) -> str:
        """Run the command to its end; its stdout. Fails the test when it ends with another exit code."""
        ended, *said = warm.run(words, self.home, self._shell, seconds=240)
        out, err = (text.decode() for text in said)
        assert ended == code, f"landbridge {' '.join(words)} ended with {ended}\n{out}\n{err}"
        return out if code == 0 else out + err

    def run(self) -> dict[str, Any]:
        """The whole line once; what --json says of it."""
        told: dict[str, Any] = json.loads(self.landbridge("run", "--json"))
        return told

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the database."""
        store = self.store
        try:
            with store.begin() as connection:
                return [tuple(row) for row in connection.execute(sa.text(query))]
        finally:
            store.close()

    def crm(self) -> Any:
        """What the CRM holds, without what differs between two orgs: ids and stamps."""
        certificate = self.world["salesforce"]["ca"]
        url = f"{self.world['salesforce']['base_url']}/_sandbox/dump"
        import ssl

        return httpx.get(url, params={"stable": 1}, verify=ssl.create_default_context(cafile=certificate)).json()

    def crm_writes(self) -> int:
        """Calls that write which the CRM has answered."""
        stats = httpx.get(f"{self.world['control']}/stats").json()
        return int(stats["systems"]["salesforce"]["writes"])

    def control(self, path: str, **body: Any) -> Any:
        """Tell the sandbox's control service something."""
        return httpx.post(f"{self.world['control']}/{path}", json=body, timeout=30).raise_for_status()


Begin = Callable[..., Any]


def settings(world: dict[str, Any]) -> dict[str, Any]:
    """The landbridge.yaml of a project whose systems the sandbox plays."""
    accounts: dict[str, Any] = {
        name: {"system": name, "sandbox": True} for name in ("x", "zendesk", "hubspot", "salesforce")
    }
    accounts["x"]["options"] = {"query": "@brightwell"}
    accounts["salesforce"]["options"] = {"first_load": "approve"}
    return {"data": "data", "accounts": accounts, "sandbox": {"people": world["people"], "seed": world["seed"]}}


@contextmanager
def journey(home: Path, database: str, **sandbox: Any) -> Iterator[Journey]:
    """A project in `home` over `database`, and a sandbox of its own."""
    options = ("--now", NOW, *sandbox.pop("options", ()))
    with start_sandbox(people=sandbox.pop("people", PEOPLE), options=options, **sandbox) as world:
        ready = home / "data" / "sandbox" / "ready.json"
        ready.parent.mkdir(parents=True)
        ready.write_text(json.dumps(world))
        (home / "landbridge.yaml").write_text(yaml.safe_dump(settings(world)))
        yield Journey(home, database, world)


@pytest.fixture
def begin(tmp_path: Path, database: str) -> Begin:
    """Begin a journey: `with begin(people=50, faults="10%") as journey:`."""
    return lambda **sandbox: journey(tmp_path, database, **sandbox)


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, server: str, template: str) -> Any:
    """The CRM after one run that nothing disturbed: what every disturbed run must come to as well."""
    from tests.conftest import fresh_database

    with fresh_database(server, template) as database, journey(tmp_path_factory.mktemp("calm"), database) as calm:
        calm.run()
        return calm.crm()
