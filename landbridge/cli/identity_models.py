"""Models on the command line: learn one, see what it would do, adopt it or another one."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from landbridge.bootstrap import Hub, opened
from landbridge.cli import show
from landbridge.cli.identity_rehearse import Rehearsal, rehearse
from landbridge.errors import ConfigInvalid
from landbridge.identity import models
from landbridge.identity.movement import Example
from landbridge.identity.people import SHOWN

if TYPE_CHECKING:
    from landbridge.identity.model import Model


def retrain(file: Path | None, actor: str, reason: str, *, yes: bool, unseen: bool, json: bool) -> None:
    """Learn a model from the base, or take one from a file; rehearse it, ask, adopt."""
    with opened() as hub:
        model = _from_file(file) if file else _learned(hub)
        now = models.history(hub.store)[0].version
        if model.version == now:
            _nothing_new(model, json=json)
            return
        seen = None if unseen else rehearse(hub, hub.with_thresholds(model))
        if not json:
            tell(model, now, seen)
        agreed = yes or (not json and typer.confirm("\nAdopt it?", default=False, err=True))
        if agreed:
            _adopt(hub, model, actor, reason)
    if json:
        told = seen.as_dict() if seen else None
        show.as_json({"model": model.version, "before": now, "adopted": agreed, "rehearsal": told})
    else:
        show.say(_adopted(model) if agreed else "Nothing was changed.")


def _learned(hub: Hub) -> Model:
    from landbridge.identity.retrain import learn_anew

    return learn_anew(hub.store)


def _from_file(file: Path) -> Model:
    model = models.from_file(file)
    if not re.fullmatch(r"[\w.:#+-]{1,100}", model.version, re.ASCII):
        raise ConfigInvalid(f"{file.name}: its version is no plain word.", do="Letters, digits and . _ - only.")
    return model


def _nothing_new(model: Model, *, json: bool) -> None:
    if json:
        show.as_json({"model": model.version, "before": model.version, "adopted": False, "rehearsal": None})
    else:
        show.say(f"Model {show.plain(model.version)} is in force already: nothing was learned that it does not know.")


def _adopt(hub: Hub, model: Model, actor: str, reason: str) -> None:
    from landbridge.identity.quality import shares

    models.adopt(hub.store, model, actor, reason, shares(hub.store))


def _adopted(model: Model) -> str:
    return (
        f"Model [bold]{show.plain(model.version)}[/] is in force; `landbridge resolve`, or the next run, applies it. "
        "`landbridge identity models` goes back."
    )


def tell(model: Model, now: str, seen: Rehearsal | None) -> None:
    """Print what adopting would do in the place of the version `now`."""
    show.say(f"Learned model [bold]{show.plain(model.version)}[/]; {show.plain(now)} is in force.")
    if seen is None:
        show.say("Not rehearsed: what would follow was not looked at.", "yellow")
        return
    moves = seen.moves
    show.say(f"\n[bold]{moves.profiles:,} of {moves.of:,} profiles would change their customer[/]")
    show.say(f"  {moves.merged:,} customers would be merged into others, {moves.split:,} would split off.")
    show.say(f"  {moves.customers_before:,} customers now, {moves.customers_after:,} then.")
    show.say(f"  In doubt: {moves.doubts_before:,} now, {moves.doubts_after:,} then.")
    for example in moves.examples:
        _tell_example(example)
    _tell_writes(seen)


def _tell_example(example: Example) -> None:
    what = "Two would become one" if example.kind == "merged" else "One would become two"
    show.say(f"\n[bold]{what}[/] [dim]{example.identity_id}[/]")
    for side, members in (("", example.members), ("and", example.others)):
        if side:
            show.say(f"  {side}")
        for member in members[:3]:
            values = [show.short(member[name], 30) for name in SHOWN if member.get(name)]
            show.say(f"  {show.plain(member['profile_id'])}: {' · '.join(values)}")
        if len(members) > 3:
            show.say(f"  … {len(members) - 3:,} more", "dim")
    for reason in example.because:
        show.say(f"    · {show.plain(reason)}", "dim")


def _tell_writes(seen: Rehearsal) -> None:
    show.say(f"\nLeads held back: {seen.leads_held_before:,} now, {seen.leads_held:,} then.")
    if seen.writes is None:
        show.say("There is no CRM account, so no CRM write would follow.")
        return
    if not any(seen.writes.values()):
        show.say("[bold]No CRM write would follow.[/]")
        return
    show.say(
        f"[bold]CRM writes that would follow[/]: {seen.writes['create']:,} to create, {seen.writes['update']:,} to "
        f"update; {seen.writes['no_longer']:,} that are planned now no longer."
    )
    for change in seen.examples:
        what = f"{change['action']} {change['object']} {show.plain(change['record'])}"
        show.say(f"  {what}: {show.short(', '.join(change['after']), 60)}", "dim")


def listed(adopt: str | None, actor: str, reason: str, *, json: bool) -> None:
    """The models that were ever in force; one of them adopted first, when it is named."""
    with opened() as hub:
        if adopt:
            _adopt(hub, models.known(hub.store, adopt), actor, reason)
        rows = models.history(hub.store)
    if json:
        show.as_json([asdict(row) for row in rows])
        return
    show.table(("", "model", "since", "who", "why"), [_cells(row) for row in rows])


def _cells(row: models.Adopted) -> tuple[Any, ...]:
    since = f"{row.adopted_at:%Y-%m-%d %H:%M}" if row.adopted_at else ""
    return ("▶" if row.in_force else "", row.version, since, row.adopted_by, row.reason)
