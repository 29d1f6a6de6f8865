"""The command that takes back what was written to the CRM."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from landbridge.cli.app import app
from landbridge.cli.options import Json
from landbridge.counted import counted

if TYPE_CHECKING:
    from landbridge.push.revert.planning import Left, Reverting

_OVER = "Take back what people edited since, too."
_WHY = {
    "edited": "somebody edited it since",
    "converted": "somebody converted it since",
    "gone": "somebody deleted it since",
    "ours_later": "a later run wrote it again: take that back first",
    "under_way": "a write is under way: push, then try again",
    "unknown": "what stood there before is not known",
    "held": "somebody holds it: `landbridge hold` says who",
    "unread": "it has not been read from the CRM yet: sync, then try again",
}


@app.command(rich_help_panel="Do the work")
def revert(
    what: Annotated[str, typer.Argument(help="A run, a plan, a change's number, or a customer (any of its ids).")],
    over_edits: Annotated[bool, typer.Option("--over-edits", help=_OVER)] = False,
    actor: Annotated[str | None, typer.Option("--as", help="Who wants it.", metavar="NAME", envvar="USER")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many changes to print for people.")] = 20,
    json: Json = False,
) -> None:
    """Plan to take back what was written to the CRM, from the before-images; what people edited since stays.

    Reads the CRM first. Nothing is written before a named person has approved the plan.
    """
    from landbridge.cli import plans, show

    found = _planned(what, over_edits, actor)
    if json:
        show.as_json({**vars(found), "left": [vars(each) for each in found.left]})
        return
    if found.plan_id:
        plans.show_plan(found.plan_id, json=False, csv=False, limit=limit)
    else:
        show.say(
            "There is nothing to take back. `landbridge plan PLAN --drop` keeps from leaving what has not left yet."
        )
    _tell_left(found.left, limit)
    if found.waiting:
        show.say(
            f"\n{counted(found.waiting, 'change')} of it had not left yet. None leaves now, and what is a person's is "
            "held (`landbridge hold`), until the revert is dropped or the hold released."
        )
    if found.plan_id:
        show.say(f'\nIt waits: `landbridge push --approve {found.plan_id} --as NAME --reason "…"`.')


def _planned(what: str, over_edits: bool, actor: str | None) -> Reverting:
    os.environ["LANDBRIDGE_CONDUCTOR"] = "none"
    from flows.revert import take_back
    from landbridge.bootstrap import opened
    from landbridge.cli.conduct import with_sandbox

    with with_sandbox(), opened() as hub:
        return take_back(hub, what, over_edits=over_edits, actor=actor)


def _tell_left(left: list[Left], limit: int) -> None:
    from landbridge.cli import show

    if not left:
        return
    show.say(f"\nLeft alone ({len(left):,}):")
    columns = ("record", "field", "ours", "there now", "because")
    cells = [
        (f"{each.object} {each.crm_id}", each.field or "all", _shown(each.ours), _shown(each.theirs), _WHY[each.why])
        for each in left[:limit]
    ]
    show.table(columns, cells)
    if len(left) > limit:
        show.say(f"… and {len(left) - limit:,} more: --limit or --json show them.", "dim")


def _shown(value: object) -> str:
    from landbridge.cli import show
    from landbridge.push import words

    return show.cut(words.shown(value), 40)
