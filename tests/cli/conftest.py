"""The real command in a process of its own, in a folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests import warm
from tests.conftest import fresh_database
from tests.journeys.conftest import Journey, journey

PEOPLE = """id,first name,last name,email,phone,company,city
1,Ana,García López,ana.garcia@correo.example,+34 600 123 456,Acme SL,Madrid
2,Ana,Garcia,ANA.GARCIA@correo.example,,,Madrid
3,Robert,Smith,bob.smith@acme.example,+44 20 7946 0018,Acme Ltd,London
"""
FILES = "accounts:\n  exports: {system: files, options: {folder: exports}}\n"


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Project:
    """A folder in which somebody types `landbridge`."""

    home: Path
    environment: dict[str, str] = field(default_factory=dict)

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def command(self, *words: str) -> dict[str, Any]:
        """What `subprocess` needs to run the command here, with nothing of this machine's own settings."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("LANDBRIDGE", "PREFECT"))}
        environment = {**ours, "PREFECT_API_URL": "", **self.environment}
        return {"args": [sys.executable, "-m", "landbridge", *words], "cwd": self.home, "env": environment}

    def landbridge(self, *words: str) -> Ended:
        code, out, err = warm.run(words, self.home, self.command()["env"], seconds=120)
        return Ended(code, out.decode(), err.decode())

    def from_the_shell(self, *words: str) -> Ended:
        """Python itself started, its libraries imported and its hashes salted anew."""
        done = subprocess.run(**self.command(*words), capture_output=True, timeout=120, check=False)
        return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())

    def python(self, script: str) -> Ended:
        """Run a script as if it were the command."""
        command = self.command()
        done = subprocess.run(**{**command, "args": [sys.executable, "-c", script]}, capture_output=True, check=False)
        return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())

    def refuses(self, *words: str, code: int) -> str:
        """Run a command that must fail: one sentence, what to do, nothing else; answers what stderr said."""
        ended = self.landbridge(*words)
        assert ended.code == code, ended
        assert "Traceback" not in ended.err
        assert ended.err.count("✗ ") == 1, ended.err
        assert "\n  → " in ended.err
        return ended.err


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty folder."""
    return Project(tmp_path)


@pytest.fixture
def files(project: Project, database: str) -> Project:
    """A project that reads a folder of exports, over a database of its own."""
    project.write("landbridge.yaml", FILES)
    project.write("exports/people.csv", PEOPLE)
    project.environment["LANDBRIDGE_DATABASE"] = database
    return project


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, server: str, template: str) -> Iterator[Journey]:
    """A small world whose line ran once; its tests look, and change nothing."""
    with (
        fresh_database(server, template) as database,
        journey(tmp_path_factory.mktemp("ran"), database, people=40) as small,
    ):
        small.run()
        yield small
