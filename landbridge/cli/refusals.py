"""The command for what the CRM refused: list it, let it be tried again, or be done with it."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from landbridge.cli.app import app
from landbridge.cli.options import Json


@app.command(rich_help_panel="Do the work")
def refused(
    numbers: Annotated[
        list[int] | None, typer.Argument(metavar="[NUMBER]...", help="Refusals by number. None: list them.")
    ] = None,
    release: Annotated[bool, typer.Option("--release", help="The CRM was mended: try it again.")] = False,
    drop: Annotated[bool, typer.Option("--drop", help="Nobody need look at it any more.")] = False,
    actor: Annotated[str, typer.Option("--as", help="Who says so.", metavar="NAME", envvar="USER")] = "somebody",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many to list for people.")] = 50,
    json: Json = False,
) -> None:
    """List what the CRM refused for good, in its own words; release it to be tried again, or drop it."""
    if release == drop and numbers:
        raise typer.BadParameter("say what becomes of them: --release or --drop")
    if (release or drop) and not numbers:
        raise typer.BadParameter("name the refusals by number; `landbridge refused` lists them")
    if numbers:
        _settle(numbers, "released" if release else "dropped", actor, reason)
    else:
        _list(None if json else limit, json)


def _settle(numbers: list[int], verdict: Literal["released", "dropped"], actor: str, reason: str) -> None:
    from landbridge.bootstrap import opened
    from landbridge.cli import show
    from landbridge.push import refused as refusals

    with opened() as hub:
        for number in numbers:
            whom = refusals.settle(hub.store, number, verdict, actor=actor, reason=reason)
            show.err.print(f"Refusal {number}, of {whom}, is {verdict} by {actor}.")


def _list(limit: int | None, json: bool) -> None:
    from landbridge.bootstrap import opened
    from landbridge.cli import show
    from landbridge.push import refused as refusals

    with opened() as hub:
        found = refusals.standing(hub.store, hub.crm, limit)
    if json:
        show.as_json([vars(one) for one in found])
    elif not found:
        show.say("The CRM has refused nothing that still waits.")
    else:
        columns = ("number", "customer", "record", "code", "the CRM says")
        cells = ((one.number, one.identity_id, one.record, one.code, show.cut(one.message, 80)) for one in found)
        show.table(columns, cells, right=("number",))
