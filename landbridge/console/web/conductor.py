"""Starting work from a page without doing it there: Prefect runs it, or a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from typing import Any

import httpx

from landbridge.bootstrap import Hub
from landbridge.config import HOUSE
from landbridge.errors import LandbridgeError, SourceUnavailable

_PATIENCE = 5.0


def prefect_of(hub: Hub) -> str | None:
    """The address of the Prefect server that `landbridge up` left a note of. Not asked whether it still answers."""
    try:
        return str(json.loads((hub.project.data / "up.json").read_text())["prefect"])
    except (OSError, ValueError, KeyError):
        return None


def start_deployment(hub: Hub, flow: str, deployment: str) -> str:
    """Have Prefect run a deployment now, as its schedule would; answers the flow run's name.

    Raises SourceUnavailable when nobody runs the schedules or Prefect does not answer.
    """
    api = prefect_of(hub)
    if api is None:
        raise SourceUnavailable("Nobody runs the schedules here.", do="Start them with `landbridge up`.")
    try:
        found = httpx.get(f"{api}/deployments/name/{flow}/{deployment}", timeout=_PATIENCE).raise_for_status().json()
        wish = {"state": {"type": "SCHEDULED", "name": "Scheduled", "message": "asked for in the console"}}
        path = f"{api}/deployments/{found['id']}/create_flow_run"
        made: dict[str, Any] = httpx.post(path, json=wish, timeout=_PATIENCE).raise_for_status().json()
    except (httpx.HTTPError, ValueError, KeyError) as error:
        raise SourceUnavailable("Prefect does not take it.", do="Look at Prefect's own pages.") from error
    return str(made["name"])


def start_command(hub: Hub, *words: str) -> None:
    """Run one of our own commands in a process of its own, over this project; its log is `data`/console.log.

    It goes on when the console ends. What it did is told by its run.
    """
    path = hub.project.home / "landbridge.yaml"
    if not path.exists():
        raise LandbridgeError(
            "This project has no landbridge.yaml that a command could read.", do="Use the command line."
        )
    import os

    known = {"LANDBRIDGE_CONFIG": str(path), "PYTHONPATH": str(HOUSE)}
    known |= {"LANDBRIDGE_DATABASE": hub.project.settings.database} if hub.project.settings.database else {}
    hub.project.data.mkdir(parents=True, exist_ok=True)
    with (hub.project.data / "console.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "landbridge", *words],
            cwd=hub.project.home,
            env={**os.environ, **known},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    threading.Thread(target=process.wait, daemon=True, name=f"landbridge {words[0]}").start()  # no zombie is left
