"""The commands that look: runs, explain. They read, and start in a blink."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from landbridge.cli.app import app
from landbridge.cli.options import Json, Limit, run_ids


@app.command(rich_help_panel="Look")
def runs(
    run_id: Annotated[
        str | None,
        typer.Argument(help="A run's id or its beginning; all runs when absent.", autocompletion=run_ids),
    ] = None,
    json: Json = False,
    limit: Limit = 20,
) -> None:
    """List runs, or show one: its books stage by stage, what it held back and why."""
    from landbridge.bootstrap import opened
    from landbridge.cli import held, show
    from landbridge.trail import runs as trail

    with opened() as hub:
        if run_id is None:
            _list(trail.newest(hub.store, limit), json)
            return
        row, entries = trail.one(hub.store, run_id)
        kept, others = held.by_run(hub.store, row["run_id"]), held.elsewhere(hub.store, row["run_id"])
    if json:
        show.as_json({**show.run_as_dict(row, entries), "held": kept})
        return
    _one(row)
    show.books(entries)
    held.tell(kept, others)


def _list(rows: list[Any], json: bool) -> None:
    from landbridge.cli import show

    if json:
        show.as_json(rows)
    elif not rows:
        show.say("No runs yet. `landbridge run` makes the first.")
    else:
        cells = [(r["run_id"], r["flow"], r["subject"], r["state"], _ago(r["started_at"]), _took(r)) for r in rows]
        show.table(("run", "flow", "of", "state", "started", "took"), cells, right=("took",))


def _one(row: Any) -> None:
    from landbridge.cli import show

    of = f" of {show.plain(row['subject'])}" if row["subject"] else ""
    show.say(f"Run [bold]{row['run_id']}[/]: {show.plain(row['flow'])}{of} is {row['state']}.")
    show.say(f"Started {row['started_at']:%Y-%m-%d %H:%M:%S %Z}, took {_took(row)}.", style="dim")
    if row["error"]:
        show.say(show.plain(row["error"]), style="red")
    for name, target in {**row["versions"], **row["links"]}.items():
        show.say(f"{show.plain(name)}: {show.plain(target)}", style="dim")
    show.say("")


def _took(row: Any) -> str:
    return f"{(row['ended_at'] - row['started_at']).total_seconds():.1f} s" if row["ended_at"] else "…"


def _ago(when: datetime) -> str:
    seconds = (datetime.now(when.tzinfo) - when).total_seconds()
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {name}{'s' if count > 1 else ''} ago"
    return "just now"


@app.command(rich_help_panel="Look")
def explain(
    what: Annotated[str, typer.Argument(help="A lead in the CRM (its id), one of our identities, or a profile.")],
    json: Json = False,
) -> None:
    """Follow every value that we wrote back to its source: CRM field, golden value, profile, record, run."""
    from landbridge.bootstrap import opened
    from landbridge.cli import lineage, show
    from landbridge.trail.lineage import explain as follow

    with opened() as hub:
        found = follow(hub.store, what)
    if json:
        show.as_json(lineage.as_dict(found))
    else:
        lineage.tell(found)
