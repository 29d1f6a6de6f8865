"""The sandbox: stand-ins of the outside systems on this machine. The product starts it and speaks HTTP with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from landbridge import config
from landbridge.cli.app import app
from landbridge.config import HOUSE, Project
from landbridge.errors import LandbridgeError, SourceUnavailable


@app.command(rich_help_panel="Try it")
def sandbox(
    people: Annotated[int | None, typer.Option(help="How many people the world has.")] = None,
    seed: Annotated[int | None, typer.Option(help="Which world: same seed, same people.")] = None,
    faults: Annotated[str | None, typer.Option(help="Faults on demand: `10%`, or `rate_limit=5%,cut=2%`.")] = None,
) -> None:
    """Play X, Zendesk, HubSpot and Salesforce on this machine until Ctrl-C, with the world that is configured."""
    from landbridge.cli import show

    project = config.load(config.find())
    with started(project, people=people, seed=seed, faults=faults) as ready:
        show.table(
            ("system", "address"), [(name, at["base_url"]) for name, at in ready.items() if isinstance(at, dict)]
        )
        show.say(f"\n{ready['people']:,} people, seed {ready['seed']}. Ctrl-C ends it; what was pushed stays.")
        while alive(ready):
            time.sleep(0.5)


@contextmanager
def started(
    project: Project, *, people: int | None = None, seed: int | None = None, faults: str | None = None
) -> Iterator[dict[str, Any]]:
    """A running sandbox for the block: the one that runs already, else one that ends with the block."""
    ready = running(project)
    if ready:
        yield ready
        return
    process = _start(project, people, seed, faults)
    try:
        yield _wait(project.sandbox_ready_file, process)
    finally:
        _stop(process)
        project.sandbox_ready_file.unlink(missing_ok=True)


def running(project: Project) -> dict[str, Any] | None:
    """What the project's sandbox says of itself, when it runs."""
    try:
        ready: dict[str, Any] = json.loads(project.sandbox_ready_file.read_text())
    except (OSError, ValueError):
        return None
    return ready if alive(ready) else None


def alive(ready: dict[str, Any]) -> bool:
    """Whether the sandbox that left this note still answers."""
    import httpx

    try:
        return httpx.get(f"{ready['control']}/stats", timeout=5).is_success
    except (httpx.HTTPError, KeyError):
        return False


def _start(project: Project, people: int | None, seed: int | None, faults: str | None) -> subprocess.Popen[bytes]:
    wanted = project.settings.sandbox or config.Sandbox()
    folder = project.sandbox_ready_file.parent
    folder.mkdir(parents=True, exist_ok=True)
    project.sandbox_ready_file.unlink(missing_ok=True)
    command = [sys.executable, "-m", "sandbox", "--people", str(people or wanted.people)]
    command += ["--seed", str(wanted.seed if seed is None else seed), "--state", str(folder / "state")]
    command += ["--ready", str(project.sandbox_ready_file), "--with-parent", str(os.getpid())]
    if told := faults or wanted.faults:
        command += ["--faults", told]
    log = (folder / "log").open("ab")
    return subprocess.Popen(command, cwd=HOUSE, stdout=log, stderr=log, start_new_session=True)


def _wait(ready_file: Path, process: subprocess.Popen[bytes], seconds: float = 120) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if ready_file.exists():
            ready: dict[str, Any] = json.loads(ready_file.read_text())
            return ready
        if process.poll() is not None:
            log = ready_file.parent / "log"
            raise LandbridgeError(f"The sandbox did not start: {_last_line(log)}", do=f"All it said is in {log}.")
        time.sleep(0.05)
    raise SourceUnavailable("The sandbox did not answer in time.", do=f"Read {ready_file.parent / 'log'}.")


def _last_line(log: Path) -> str:
    return log.read_text(errors="replace").strip().rpartition("\n")[2]


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
