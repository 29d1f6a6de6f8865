"""One customer on the screen: members, ties as waterfalls of bits, doubts, decisions, and what became of its ids."""

from __future__ import annotations

from dataclasses import asdict

from landbridge.cli import show
from landbridge.cli.identity_review import people
from landbridge.identity.decisions import SAYS, Decision
from landbridge.identity.explain import Step
from landbridge.identity.story import Happening, Member, Story, Tie

BAR = 12
"""Characters of the longest bar."""

_HOW = {
    "evidence": "by the evidence",
    "decision": "by somebody's decision",
    "reference": "by its system's own word",
    "single": "alone",
}
_HAPPENED = {
    "created": "{identity_id} came to be",
    "merged": "{identity_id} took in {other_id}",
    "split": "{other_id} left {identity_id}",
    "redirected": "{identity_id} means {other_id} from then on",
    "restored": "{identity_id} means {other_id} no more",
}


def tell(found: Story, *, json: bool) -> None:
    """Print the story."""
    if json:
        show.as_json(asdict(found))
        return
    records = f"{len(found.members):,} record{'' if len(found.members) == 1 else 's'}"
    show.say(f"Customer [bold]{found.identity_id}[/]: {records}")
    if found.formerly:
        show.say(f"formerly {', '.join(found.formerly)}", "dim")
    for member in found.members:
        _member(member)
    for doubt in found.doubts:
        show.say(f"\n[bold red]In doubt[/]: {doubt}. Its lead is held back; `landbridge identity review` asks.")
    for tie in found.ties:
        _tie(tie)
    _decisions(found.decisions)
    _history(found.history)


def _member(member: Member) -> None:
    people({"profile_id": member.profile_id, **member.said})
    strongest = f", {member.weight:.1f} bits at best" if member.weight is not None else ""
    show.say(f"    {_HOW.get(member.how, member.how)}{strongest}; model {show.plain(member.model)}", "dim")


def _tie(tie: Tie) -> None:
    by = _HOW[tie.how] if tie.weight is None else f"{tie.weight:.1f} bits"
    show.say(f"\n[bold]{show.plain(tie.left_id)} — {show.plain(tie.right_id)}[/]: {by}")
    longest = max((abs(step.bits) for step in tie.steps), default=1) or 1
    for step in tie.steps:
        show.say(_step(step, longest))
    if tie.falls_out:
        out = ", ".join(show.plain(profile) for profile in tie.falls_out[:5])
        more = f" and {len(tie.falls_out) - 5:,} more" if len(tie.falls_out) > 5 else ""
        show.say(f"  Without this tie {out}{more} would fall out.", "yellow")


def _step(step: Step, longest: float) -> str:
    """A bar that says for or against by its sign and its pattern; the colour only repeats it."""
    length = max(1, round(BAR * abs(step.bits) / longest))
    bar, colour = ("█" * length, "green") if step.bits >= 0 else ("░" * length, "red")
    return f"  {step.bits:+6.1f} [{colour}]{bar:<{BAR}}[/] {show.plain(step.words)}"


def _decisions(said: list[Decision]) -> None:
    if said:
        show.say("\n[bold]Decisions[/]")
    for one in said:
        taken_back = f", withdrawn {one.withdrawn_at:%Y-%m-%d}" if one.withdrawn_at else ""
        waits = "" if one.applied else ", obeyed from the next resolving on"
        reason = f": {show.plain(one.reason)}" if one.reason else ""
        pair = f"{show.plain(one.left_id)} and {show.plain(one.right_id)}"
        said_by = f"{one.at:%Y-%m-%d} {show.plain(one.actor)}"
        show.say(f"  {said_by}: {pair} are [bold]{SAYS[one.verdict]}[/]{taken_back}{waits}{reason}")


def _history(happened: list[Happening]) -> None:
    if happened:
        show.say("\n[bold]History[/]")
    for event in happened:
        told = _HAPPENED[event.kind].format(identity_id=event.identity_id, other_id=event.other_id)
        show.say(f"  {event.at:%Y-%m-%d %H:%M} {told}", "dim")


def tell_feed(events: list[Happening], after: int, limit: int, *, json: bool) -> None:
    """Print events, `limit` at most; `after` of the JSON is what to ask with the next time."""
    last = events[-1].seq if events else after
    if json:
        show.as_json({"after": last, "events": [asdict(event) for event in events]})
        return
    cells = ((e.seq, f"{e.at:%Y-%m-%d %H:%M:%S}", e.kind, e.identity_id, e.other_id) for e in events)
    if events:
        show.table(("event", "at", "kind", "customer", "other"), cells, right=("event",))
    else:
        show.say(f"Nothing since event {after}.")
    if len(events) == limit:
        show.say(f"\n… and what came later: --after {last} or --limit show it.", "dim")
