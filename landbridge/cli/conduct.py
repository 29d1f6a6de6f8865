"""Run flows from the command line: choose the conductor, show the books as they fill, say how it ended."""

from __future__ import annotations

import json as json_module
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from landbridge import config
from landbridge.cli import show
from landbridge.cli.sandbox import started
from landbridge.trail.balance import Entry


@contextmanager
def with_sandbox() -> Iterator[None]:
    """See that the sandbox runs for the length of the block, when the configuration plays in one."""
    project = config.load(config.find())
    if not any(account.sandbox for account in project.settings.accounts.values()):
        yield
        return
    with started(project):
        yield


def conduct(flow: str, *, json: bool, **parameters: Any) -> dict[str, Any]:
    """Run one of the flows to its end, show its books, answer them. Raises what the flow raises."""
    conductor = choose_conductor()
    with show.live_books(not json) as entries:
        try:
            run_id = _flow(flow)(**parameters)
        except BaseException:
            if entries and not json:
                show.books(entries, show.err)
            raise
    return _finish(str(run_id), entries, json=json, conductor=conductor)


def stages(flow: str, names: list[str], *, json: bool, quiet: bool = False) -> None:
    """Run a few steps of the line as a run of their own, for somebody who goes step by step."""
    os.environ["LANDBRIDGE_CONDUCTOR"] = "none"
    from flows import publish, steps
    from landbridge.bootstrap import opened

    with opened() as hub, show.live_books(not json) as entries, hub.running(flow) as run, hub.store.only_one("publish"):
        for name in names:
            (publish.push_and_read_back if name == publish.PUSH else getattr(steps, name))(run, hub)
    if not quiet and (told := _finish(run.run_id, entries, json=json, conductor="")) and json:
        show.as_json(told)


def _flow(name: str) -> Any:
    import importlib

    return getattr(importlib.import_module(f"flows.{name}"), name)


def _finish(run_id: str, entries: list[Entry], *, json: bool, conductor: str) -> dict[str, Any]:
    """The run as --json gives it; told to people unless a machine listens."""
    if not json:
        show.books(entries)
        show.say(f"\nRun [bold]{run_id}[/] is done; the books balance. [dim]{conductor}[/]")
    return show.run_as_dict({"run_id": run_id}, entries)


def choose_conductor() -> str:
    """Prefect when its server answers, else nobody. Sets the environment that flows/conductor.py reads."""
    url = _prefect_server()
    if url:
        os.environ["PREFECT_API_URL"] = url
        os.environ.setdefault("PREFECT_LOGGING_LEVEL", "WARNING")
        os.environ.setdefault("LANDBRIDGE_RETRIES", "0")
        return f"Conducted by Prefect at {url.removesuffix('/api')}."
    os.environ["LANDBRIDGE_CONDUCTOR"] = "none"
    return "Ran directly; `landbridge up` gives it a schedule and Prefect's pages."


def _prefect_server() -> str | None:
    """The URL of a Prefect server that answers: the configured one, or that of this project's `landbridge up`."""
    url = os.environ.get("PREFECT_API_URL") or _left_by_up()
    return url if url and answers(f"{url}/health") else None


def _left_by_up() -> str | None:
    try:
        note = (config.load(config.find()).data / "up.json").read_text()
        return str(json_module.loads(note)["prefect"])
    except (OSError, ValueError, KeyError):
        return None


def answers(url: str) -> bool:
    """Whether a server there says that all is well."""
    import httpx

    try:
        return httpx.get(url, timeout=2).is_success
    except (httpx.HTTPError, httpx.InvalidURL):
        return False
