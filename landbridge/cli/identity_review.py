"""Review on the screen: what to decide, and what was decided."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import typer

from landbridge.bootstrap import opened
from landbridge.cli import show
from landbridge.identity import decisions
from landbridge.identity.people import SHOWN
from landbridge.identity.review import Question


def tell(asked: list[Question], counts: dict[str, int], *, json: bool) -> None:
    """Print the questions, each with the words that answer it."""
    if json:
        show.as_json({**counts, "pairs": [asdict(question) for question in asked]})
        return
    if not asked:
        show.say("[green]✓[/] Nothing waits for an answer.")
        return
    for number, question in enumerate(asked, 1):
        _tell_one(number, question)
    left = counts["questions"] - len(asked)
    more = f"; {left:,} more with --limit" if left else ""
    held = f", {counts['holding']:,} holding a lead back from the CRM" if counts["holding"] else ""
    show.say(f"\n[bold]{counts['questions']:,} waiting[/]{held}{more}.")
    show.say("Answer one: `landbridge identity same LEFT RIGHT --reason …`, or `different`.", "dim")


def _tell_one(number: int, question: Question) -> None:
    chance = f", {question.probability:.0%} by the evidence" if question.probability is not None else ""
    holds = "; [bold red]holds a lead back[/]" if question.holds else ""
    show.say(f"\n[bold]{number}. {show.plain(question.reason)}[/]{chance}{holds}")
    people(question.left, question.right)
    for reason in question.because:
        show.say(f"  · {show.plain(reason)}", "dim")


def people(*said: dict[str, Any]) -> None:
    """Profiles under one another, only with what at least one of them says."""
    told = [name for name in SHOWN if any(person.get(name) for person in said)]
    for person in said:
        show.say(f"  [bold]{show.plain(person['profile_id'])}[/]{' (gone)' if person.get('gone') else ''}")
        values = [show.short(person[name], 40) for name in told if person.get(name)]
        show.say(f"    {' · '.join(values) or 'says nothing more'}")


def decided(left: str, right: str, verdict: str | None, actor: str, reason: str, *, json: bool) -> None:
    """Keep a decision, or take it back (verdict None), and say what follows."""
    if not actor.strip() or not actor.isprintable():
        raise typer.BadParameter("--as must be a name on one line.")
    with opened() as hub:
        if verdict is None:
            made = decisions.withdraw(hub.store, left, right, actor=actor, reason=reason)
        else:
            made = decisions.decide(hub.store, left, right, verdict, actor=actor, reason=reason)
    if json:
        show.as_json(asdict(made))
        return
    said = "no longer decided" if made.withdrawn_at else f"[bold]{decisions.SAYS[made.verdict]}[/]"
    pair = f"{show.plain(made.left_id)} and {show.plain(made.right_id)}"
    show.say(f"{pair} are {said}: {show.plain(actor)}, decision {made.decision_id}.")
    if not made.applied:
        show.say("`landbridge resolve`, or the next run, does as it says.", "dim")
