"""A plan on the screen: what would change in the CRM, as Terraform tells it."""

from __future__ import annotations

import csv as csv_module
import sys
from collections.abc import Iterable
from itertools import groupby

from landbridge.bootstrap import opened
from landbridge.cli import show
from landbridge.push.render import Row, Totals

_MARK = {"create": "[green]+[/]", "update": "[yellow]~[/]"}


def show_open(*, json: bool, csv: bool, limit: int) -> None:
    """Print the plan that is open, in the form that was asked for."""
    from landbridge.push.plan import newest_open
    from landbridge.push.render import render, totals

    with opened() as hub:
        plan_id = newest_open(hub.store, hub.crm)
        if plan_id is None:
            _nothing(json)
            return
        numbers = totals(hub.store, plan_id)
        rows = list(render(hub.store, plan_id, None if json or csv else limit))
    if json:
        show.as_json({**vars(numbers), "changes": [row.as_dict() for row in rows]})
    elif csv:
        _csv(rows)
    else:
        _tell(numbers, rows)


def _nothing(json: bool) -> None:
    if json:
        show.as_json({"plan_id": None, "changes": []})
    else:
        show.say("[green]✓[/] Nothing would change: the CRM holds what it should.")


def _csv(rows: Iterable[Row]) -> None:
    writer = csv_module.writer(sys.stdout)
    columns = list(Row.__dataclass_fields__)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([show.for_spreadsheets(getattr(row, column)) for column in columns])


def _tell(numbers: Totals, rows: list[Row]) -> None:
    for (_, action, object_name, record), fields in groupby(
        rows, key=lambda row: (row.change_id, row.action, row.object, row.record)
    ):
        show.say(f"\n{_MARK.get(action, ' ')} [bold]{action} {object_name}[/] {show.plain(record)}")
        for row in fields:
            show.say(f"    {row.field:<22} {_difference(row)}  [dim]{show.plain(row.reason)}[/]")
    shown = len({row.change_id for row in rows})
    left = numbers.creates + numbers.updates - shown
    if left > 0:
        show.say(f"\n… and {left:,} more: --limit, --json or --csv show them.", "dim")
    show.say(
        f"\nPlan [bold]{numbers.plan_id}[/] ({numbers.state}): [green]{numbers.creates:,} to create[/], "
        f"[yellow]{numbers.updates:,} to update[/], {numbers.unchanged:,} unchanged; {numbers.fields:,} fields, "
        f"{numbers.conflicts:,} edited by somebody and kept."
    )
    show.say("`landbridge push` writes it; a plan that waits for approval says so.", "dim")


def _difference(row: Row) -> str:
    before = "" if row.before in (None, "") else f"[red]{show.short(row.before)}[/] → "
    after = f"[green]{show.short(row.after)}[/]"
    return f"{before}{after}" if row.kind != "keep" else f"{show.short(row.before)} [dim](kept)[/]"


def approve(plan_id: str, actor: str, reason: str) -> None:
    """Let a plan leave, in somebody's name."""
    from landbridge.push.approval import approve as let_through

    with opened() as hub:
        changes = let_through(hub.store, plan_id, actor=actor, reason=reason)
    show.err.print(f"Plan {plan_id} with {changes:,} changes is approved by {actor}.")
