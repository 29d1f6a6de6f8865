"""The command that judges again what is held back."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from landbridge.cli.app import app
from landbridge.cli.options import Json


@app.command(rich_help_panel="Do the work")
def replay(
    actor: Annotated[str | None, typer.Option("--as", help="Who wants it.", metavar="NAME", envvar="USER")] = None,
    json: Json = False,
) -> None:
    """Judge again what quarantine holds, after a mend: of a connector, a mapping, or a value. Writes nothing outside.

    Repeat it as you like: what is done already is not done again.
    """
    os.environ["LANDBRIDGE_CONDUCTOR"] = "none"
    from flows.replay import replay as again
    from landbridge.bootstrap import opened
    from landbridge.cli import show
    from landbridge.quality.hold import held

    with opened() as hub:
        before = len(held(hub.store))
        with show.live_books(not json) as entries:
            run_id = again(hub, actor)
        left = len(held(hub.store))
    if json:
        show.as_json({**show.run_as_dict({"run_id": run_id}, entries), "held_before": before, "held": left})
    else:
        show.books(entries)
        show.say(
            f"\nRun [bold]{run_id}[/]: of {before:,} expectations that leads did not meet, {left:,} still are not."
        )
