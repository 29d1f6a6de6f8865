"""Up: database, Prefect server, deployments, worker, the console and (when configured) the sandbox, in one command."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from landbridge.cli.app import app
from landbridge.cli.prefect_server import served
from landbridge.errors import AlreadyRunning, LandbridgeError

POOL = "landbridge"


@app.command(rich_help_panel="Do the work")
def up(
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="The port of Prefect's pages, on this machine only.")
    ] = 4200,
    console_port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="The console's port; that of landbridge.yaml when left out.")
    ] = None,
    seconds: Annotated[float | None, typer.Option(help="Stop after so long; runs until Ctrl-C when absent.")] = None,
) -> None:
    """Start everything and leave the schedules running: database, Prefect, a worker, the console, the sandbox.

    Schedules stand in prefect.yaml: social every minute, support every 5, marketing hourly, publish every 15.
    """
    from landbridge.bootstrap import opened
    from landbridge.cli import show
    from landbridge.cli.conduct import with_sandbox
    from landbridge.cli.console import beside, tell

    with ExitStack() as running:
        hub = running.enter_context(opened())
        _see_that_nobody_is_up(hub.project.data / "up.json")
        _see_that_free(port)
        os.environ["LANDBRIDGE_CONFIG"] = str(hub.project.file)  # for the worker, wherever it runs
        _ = hub.store
        running.enter_context(beside(hub, console_port))
        running.enter_context(with_sandbox())
        show.say("Starting Prefect …", "dim")
        server = running.enter_context(served(hub.project.data, port))
        server.wait()
        server.tell("work-pool", "create", POOL, "--type", "process", "--overwrite")
        server.tell("--no-prompt", "deploy", "--all")
        worker = running.enter_context(server.child("prefect", "worker", "start", "--pool", POOL, "--limit", "2"))
        running.enter_context(_note(hub.project.data / "up.json", server.api))
        _tell(server.api.removesuffix("/api"), Path(server.log.name))
        tell(hub, console_port)
        show.say("  Ctrl-C stops everything; what was stored stays.", "dim")
        _stay([server.process, worker], seconds, Path(server.log.name))


def _see_that_nobody_is_up(note: Path) -> None:
    from landbridge.cli.conduct import answers

    try:
        left = json.loads(note.read_text())
    except (OSError, ValueError):
        return
    if answers(f"{left['prefect']}/health"):
        raise AlreadyRunning(
            f"This project is up already: {left['prefect'].removesuffix('/api')} (process {left['pid']}).",
            do="Leave it, or end it with Ctrl-C where it runs and start again.",
        )


def _see_that_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise LandbridgeError(
                f"Port {port} cannot be used: {error.strerror}.", do="Choose another: `landbridge up --port 4201`."
            ) from error


@contextmanager
def _note(path: Path, api: str) -> Iterator[None]:
    """Leave a note for `landbridge run`, so that its runs are Prefect's while it is up."""
    path.write_text(json.dumps({"prefect": api, "pid": os.getpid()}))
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _tell(pages: str, log: Path) -> None:
    from landbridge.cli import show

    show.say(f"[green]✓[/] The schedules run. Prefect's pages: [bold]{pages}[/]")
    show.say(f"  `landbridge runs` in another terminal shows what they did; the log is {log}.")


def _stay(children: list[subprocess.Popen[bytes]], seconds: float | None, log: Path) -> None:
    deadline = time.monotonic() + seconds if seconds else None
    while deadline is None or time.monotonic() < deadline:
        if any(child.poll() is not None for child in children):
            raise LandbridgeError(
                "One of Prefect's processes ended.", do=f"Read {log}, then run `landbridge up` again."
            )
        time.sleep(0.5)
