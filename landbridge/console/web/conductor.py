"""Having Prefect run a flow now. Our own commands are run beside the console: landbridge.console.web.beside."""

from __future__ import annotations

import json
from typing import Any

import httpx

from landbridge.bootstrap import Hub
from landbridge.errors import SourceUnavailable

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
