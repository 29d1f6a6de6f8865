"""The demo: the whole job on a made-up world, twice, in plain words."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from landbridge.cli.app import app
from landbridge.cli.options import Json
from landbridge.cli.prefect_server import served
from landbridge.errors import ConfigInvalid

_MARK = "made by landbridge demo; the next demo empties this folder\n"


@app.command(rich_help_panel="Try it")
def demo(
    people: Annotated[int, typer.Option(help="How many people the world has.", min=1)] = 2000,
    seed: Annotated[int, typer.Option(help="Which world: same seed, same people.")] = 7,
    faults: Annotated[str | None, typer.Option(help="Let the systems misbehave: `10%`.")] = None,
    folder: Annotated[Path, typer.Option(help="Where the demo lives; emptied at its start.")] = Path(
        ".landbridge/demo"
    ),
    prefect: Annotated[
        bool, typer.Option(help="Let Prefect conduct, as on a schedule; without, it is quicker.")
    ] = True,
    json: Json = False,
) -> None:
    """Watch four systems' records become people, the people checked leads, and the leads land in a CRM. Then again.

    Everything happens on this machine: the systems are the sandbox's stand-ins, spoken to over real HTTP.
    """
    from landbridge import config
    from landbridge.cli import demo_report
    from landbridge.cli.sandbox import started

    began = time.monotonic()
    path = _fresh(folder, people, seed, faults)
    os.environ["LANDBRIDGE_CONFIG"] = str(path)
    teller = demo_report.Teller(quiet=json)
    teller.opening(people, seed)
    with _conductor(prefect, path.parent) as ready, started(config.load(path)) as world:
        ready()
        first = _once(teller, "First run", world, json)
        second = _once(teller, "Second run, on the same input", world, json)
        report = demo_report.report(world, first, second, seconds=time.monotonic() - began)
    teller.closing(report, path, json)
    if not report["second_run"]["nothing_changed"] or not report["balance_closes"]:
        raise typer.Exit(1)


def _once(teller: Any, title: str, world: dict[str, Any], json: bool) -> Any:
    from landbridge.cli import demo_report, show
    from landbridge.cli.conduct import _flow

    teller.begins(title)
    before = demo_report.crm_writes(world)
    began = time.monotonic()
    with show.live_books(not json) as entries:
        run_id = str(_flow("line")())
    seconds = time.monotonic() - began
    ran = demo_report.Ran(run_id, list(entries), seconds, demo_report.crm_writes(world) - before)
    teller.ran(ran)
    return ran


@contextmanager
def _conductor(prefect: bool, folder: Path) -> Iterator[Callable[[], None]]:
    """Who conducts the demo's flows. Prefect's server starts beside everything else; call the result to wait for it."""
    if not prefect:
        os.environ["LANDBRIDGE_CONDUCTOR"] = "none"
        yield lambda: None
        return
    with served(folder) as server:
        os.environ.update(PREFECT_API_URL=server.api, PREFECT_HOME=server.environment["PREFECT_HOME"])
        os.environ.update(PREFECT_LOGGING_LEVEL="ERROR", PREFECT_LOGGING_TO_API_ENABLED="false")
        yield server.wait


def _fresh(folder: Path, people: int, seed: int, faults: str | None) -> Path:
    """Empty the demo's own folder (never another) and write its configuration. Raises ConfigInvalid."""
    mark = folder / ".demo"
    if folder.exists() and any(folder.iterdir()) and not mark.exists():
        raise ConfigInvalid(f"{folder} holds something that no demo made.", do="Name another with --folder.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    mark.write_text(_MARK)
    path = folder / "landbridge.yaml"
    path.write_text(yaml.safe_dump(_settings(people, seed, faults), sort_keys=False))
    return path.absolute()


def _settings(people: int, seed: int, faults: str | None) -> dict[str, Any]:
    played: dict[str, Any] = {
        name: {"system": name, "sandbox": True} for name in ("x", "zendesk", "hubspot", "salesforce")
    }
    played["x"]["options"] = {"query": "@brightwell"}
    played["salesforce"]["options"] = {"first_load": "approve"}
    sandbox = {"people": people, "seed": seed, **({"faults": faults} if faults else {})}
    return {"data": ".", "sandbox": sandbox, "accounts": played}
