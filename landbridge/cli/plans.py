"""A plan on the screen: what would change in the CRM, as Terraform tells it."""

from __future__ import annotations

import csv as csv_module
import sys
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from rich.cells import cell_len

from landbridge.bootstrap import opened
from landbridge.cli import show
from landbridge.counted import counted
from landbridge.push import words
from landbridge.push.render import Row, Totals, Why

if TYPE_CHECKING:
    from landbridge.push.plans import Shown

_MARK = {"create": "[green]+[/]", "update": "[yellow]~[/]", "delete": "[red]-[/]"}
_NARROW = 90
"""Characters below which a reason stands on a line of its own."""

_REASONS = 8
"""How many reasons a summary names."""


def show_plan(plan_id: str | None, *, json: bool, csv: bool, limit: int) -> None:
    """Print a plan, the newest that is open unless one is named, in the form that was asked for."""
    from landbridge.push import org
    from landbridge.push.plans import shown
    from landbridge.push.render import left_alone

    with opened() as hub:
        found = shown(hub.store, hub.policy, hub.crm, plan_id, limit=None if json or csv else limit)
        if found is None:
            _nothing(json, left_alone(hub.store, hub.crm))
            return
        waits = hub.gate.why(found.totals.plan_id)
        asks = not csv and found.totals.state in ("planned", "approved")
        misfits = org.misfits(hub.policy, hub.connector(hub.crm), lambda: hub.access(hub.crm)) if asks else []
    if json:
        _json(found, waits, misfits)
    elif csv:
        _csv(found.rows)
    else:
        _tell(found.totals, found.rows, found.reasons)
        _tell_waits(found.totals, waits)
        _tell_misfits(misfits)
        show.say(f"Everything that waits takes about {found.api_calls:,} of the CRM's API calls.", "dim")


def _json(found: Shown, waits: list[str], misfits: list[str]) -> None:
    told = {"reasons": [vars(why) for why in found.reasons], "changes": [row.as_dict() for row in found.rows]}
    show.as_json({**vars(found.totals), "api_calls": found.api_calls, "waits": waits, "misfits": misfits, **told})


_TOLD = "held (`landbridge hold`), edited or gone in the CRM, or refused by it"


def _nothing(json: bool, left: int) -> None:
    if json:
        show.as_json({"plan_id": None, "changes": [], "held": left})
    elif left:
        show.say(f"Nothing would change, and {_left(left)}: {_TOLD}. `landbridge explain CUSTOMER` tells one.")
    else:
        show.say("[green]✓[/] Nothing would change: the CRM holds what it should.")


def _left(leads: int) -> str:
    return f"{counted(leads, 'lead')} {'differs' if leads == 1 else 'differ'} in something that is left alone"


def _csv(rows: Iterable[Row]) -> None:
    writer = csv_module.writer(sys.stdout)
    columns = list(Row.__dataclass_fields__)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([show.for_spreadsheets(words.shown(getattr(row, column))) for column in columns])


def _tell(numbers: Totals, rows: list[Row], whys: list[Why]) -> None:
    widest = max((cell_len(row.field) for row in rows), default=0)
    values = max((cell_len(_plain_difference(row)) for row in rows), default=0)
    room = show.out.width - 4 - widest - 2
    values = min(values, room if show.out.width < _NARROW else room * 2 // 5)
    for _, fields in groupby(rows, key=lambda row: row.change_id):
        _tell_change(list(fields), widest, values)
    left = numbers.creates + numbers.updates + numbers.deletes - len({row.change_id for row in rows})
    if left > 0:
        show.say(f"\n… and {left:,} more: --limit, --json or --csv show them.", "dim")
    _tell_reasons(whys)
    _tell_totals(numbers)


def _tell_change(fields: list[Row], widest: int, values: int) -> None:
    first = fields[0]
    record = "" if first.record == "new" else f" [dim]{show.plain(first.record)}[/]"
    head = f"\n{_MARK[first.action]} {first.action} {first.object}  [bold]{show.short(first.name)}[/]{record}"
    show.say(f"{head}  [dim]change {first.change_id}[/]")
    for row in fields:
        for line in _lines(row, widest, values):
            show.out.print(line, no_wrap=True, overflow="ellipsis", crop=True)


def _lines(row: Row, widest: int, values: int) -> Iterator[str]:
    """A field's line; on a narrow terminal the reason below it."""
    shown, length = _difference(row, values)
    field = show.plain(row.field) + " " * (widest - cell_len(row.field))
    if show.out.width < _NARROW:
        yield f"    {field}  {shown}"
        yield f"        [dim]{show.plain(row.reason)}[/]"
    else:
        yield f"    {field}  {shown}{' ' * (values - length)}  [dim]{show.plain(row.reason)}[/]"


def _plain_difference(row: Row) -> str:
    before, after = (show.cut(show.visible(words.shown(each)), 60) for each in (row.before, row.after))
    if row.kind == "keep":
        return f"{before} (kept)".strip()
    if row.kind == "set":
        return after
    return f"{before} → {after or '(empty)'}" if row.kind != "remove" else before


def _difference(row: Row, room: int) -> tuple[str, int]:
    """The value or both, in colours, within `room`; and how wide that is."""
    plain = _plain_difference(row)
    if cell_len(plain) > room:
        plain = show.cut(plain, max(room, 2))
    colour = {"set": "green", "keep": "dim", "remove": "red"}.get(row.kind)
    if colour:
        return f"[{colour}]{show.plain(plain)}[/]", cell_len(plain)
    before, arrow, after = plain.partition(" → ")
    return f"[red]{show.plain(before)}[/]{arrow}[green]{show.plain(after)}[/]", cell_len(plain)


def _tell_reasons(whys: list[Why]) -> None:
    if not whys:
        return
    show.say("\nWhy, in sum:")
    shown = whys[:_REASONS]
    number = max(len(f"{why.fields:,}") for why in shown)
    for why in shown:
        names = ", ".join(why.names[:6]) + (", …" if len(why.names) > 6 else "")
        line = f"    {why.fields:>{number},} × {show.plain(why.reason)}  [dim]{show.plain(names)}[/]"
        show.out.print(line, no_wrap=True, overflow="ellipsis")
    if rest := sum(why.fields for why in whys[_REASONS:]):
        show.say(f"    {rest:>{number},} × for other reasons", "dim")


def _tell_totals(numbers: Totals) -> None:
    deletes = f"[red]{numbers.deletes:,} to delete[/], " if numbers.deletes else ""
    of = f", takes back {show.plain(numbers.subject)}" if numbers.subject else ""
    show.say(
        f"\nPlan [bold]{numbers.plan_id}[/] ({numbers.state}{of}): [green]{numbers.creates:,} to create[/], "
        f"[yellow]{numbers.updates:,} to update[/], {deletes}{numbers.unchanged:,} unchanged; "
        f"{counted(numbers.fields, 'field')}."
    )
    if numbers.conflicts:
        show.say(f"Told above: {counted(numbers.conflicts, 'field')} that somebody edited, or where ours cannot stand.")
    if numbers.held:
        show.say(f"{_left(numbers.held)}, and not in the plan.")


def _tell_waits(numbers: Totals, waits: list[str]) -> None:
    if waits:
        show.say(f"[yellow]It waits.[/] {show.plain(' '.join(waits))}")
        show.say(f'`landbridge push --approve {numbers.plan_id} --as NAME --reason "…"` lets it leave.', "dim")
    elif numbers.state in ("planned", "approved"):
        show.say("`landbridge push` writes it.", "dim")


def _tell_misfits(misfits: list[str]) -> None:
    """That a push would send nothing of it, before anybody approves it."""
    if misfits:
        show.say("[yellow]It cannot be sent as it is:[/] the policy does not fit the CRM.")
    for line in misfits:
        show.say(f"    {show.plain(line)}")


def approve(plan_id: str, actor: str, reason: str) -> None:
    """Let a plan leave, in somebody's name."""
    from landbridge.push.approval import approve as let_through

    with opened() as hub:
        changes = let_through(hub.store, plan_id, actor=actor, reason=reason)
    show.err.print(f"Plan {plan_id} with {counted(changes, 'change')} is approved by {actor}.")


def drop(plan_id: str | None, actor: str | None, reason: str) -> None:
    """Say that a plan shall not leave, in somebody's name."""
    import typer

    from landbridge.push.approval import drop as take_out

    if not (plan_id and actor and reason.strip()):
        raise typer.BadParameter("name the plan, who drops it (--as NAME) and why (--reason WHY)")
    with opened() as hub:
        changes = take_out(hub.store, plan_id, actor=actor, reason=reason)
    show.err.print(f"Plan {plan_id} is dropped by {actor}: {counted(changes, 'change')} left out.")
    show.err.print("What we still want is planned anew next time; `landbridge hold` keeps it away.")


def switch(*, halt: str | None, resume: str | None, actor: str) -> None:
    """Halt all writing to the CRM, or let it go on."""
    from landbridge.push import halt as switches

    with opened() as hub:
        if resume is not None:
            switches.resume(hub.store, hub.crm, actor=actor, reason=resume)
            show.err.print(f"Writing to {hub.crm} may go on: `landbridge push`.")
        elif switches.halt(hub.store, hub.crm, actor=actor, reason=halt or ""):
            show.err.print(f"Nothing is written to {hub.crm} any more, until `landbridge push --resume WHY`.")
        else:
            show.err.print(f"Writing to {hub.crm} was halted already.")
