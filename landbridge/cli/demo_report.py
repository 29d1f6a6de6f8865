"""What the demo counts, and how it tells it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from landbridge.bootstrap import Hub, opened
from landbridge.cli import show
from landbridge.counted import counted
from landbridge.trail.balance import Entry


@dataclass(frozen=True)
class Ran:
    """One of the demo's runs."""

    run_id: str
    entries: list[Entry]
    seconds: float
    crm_writes: int

    def line(self, stage: str) -> Entry:
        """The sum of a stage's lines."""
        mine = [entry for entry in self.entries if entry.stage == stage]
        total = Entry(stage)
        for name in ("taken", "new", "changed", "unchanged", "held", "refused"):
            setattr(total, name, sum(getattr(entry, name) for entry in mine))
        return total


def crm_writes(world: dict[str, Any]) -> int:
    """Calls that write which the CRM's stand-in has answered so far."""
    stats = httpx.get(f"{world['control']}/stats", timeout=10).json()
    return int(stats["systems"]["salesforce"]["writes"])


def report(world: dict[str, Any], first: Ran, second: Ran, *, seconds: float) -> dict[str, Any]:
    """Everything the demo found, as one document."""
    with opened() as hub:
        found = {"people": world["people"], "seed": world["seed"], **_counts(hub), "quality": _quality(hub, world)}
    push, plan = first.line("push"), first.line("plan")
    found["leads"] = {
        "valid": first.line("validate").taken - first.line("validate").held,
        "held": first.line("validate").held,
    }
    found["crm"] = {"created": push.new, "updated": push.changed, "refused": push.refused, "unchanged": plan.unchanged}
    found["first_run"] = {"run_id": first.run_id, "seconds": round(first.seconds, 1), "balance": _balance(first)}
    found["second_run"] = {
        "run_id": second.run_id,
        "seconds": round(second.seconds, 1),
        "balance": _balance(second),
        "crm_writes": second.crm_writes,
        "nothing_changed": _quiet(second),
    }
    found["balance_closes"] = all(entry.closes for ran in (first, second) for entry in ran.entries)
    found["seconds"] = round(seconds, 1)
    return found


def _balance(ran: Ran) -> list[dict[str, Any]]:
    return [{**vars(entry), "closes": entry.closes} for entry in ran.entries]


def _quiet(ran: Ran) -> bool:
    """Nothing new, nothing changed, no call that writes. Rows that arrive broken are held again; that is no change."""
    return ran.crm_writes == 0 and not any(entry.new or entry.changed for entry in ran.entries)


def _counts(hub: Hub) -> dict[str, Any]:
    import sqlalchemy as sa

    with hub.store.begin() as connection:
        records = connection.execute(
            sa.text("SELECT account, count(*) AS count FROM record GROUP BY 1 ORDER BY 1")
        ).all()
        one = connection.execute(
            sa.text(
                """SELECT (SELECT count(*) FROM profile WHERE NOT gone) AS profiles,
                          (SELECT count(*) FROM touchpoint) AS touchpoints,
                          (SELECT count(*) FROM golden) AS identities,
                          (SELECT count(*) FROM question WHERE state = 'open') AS questions,
                          (SELECT count(*) FROM quarantine WHERE state = 'held') AS quarantine"""
            )
        ).one()
    return {"records": {row.account: row._mapping["count"] for row in records}, **one._mapping}


def _quality(hub: Hub, world: dict[str, Any]) -> dict[str, float]:
    """Precision and recall of the identities against the world's truth, over pairs of profiles."""
    from landbridge.identity.evaluate import score_links
    from landbridge.store import bulk

    truth = httpx.get(f"{world['control']}/truth", timeout=60).json()
    person = {f"{one['system']}/{one['stream']}/{one['key']}": str(one["person"]) for one in truth}
    with hub.store.bulk() as connection:
        links = bulk.get(connection, "SELECT profile_id, identity_id FROM link")
    scores = score_links(links, person)
    return {"precision": round(scores.precision, 4), "recall": round(scores.recall, 4), "f1": round(scores.f1, 4)}


class Teller:
    """Tells a person what happens; silent when a machine listens."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet

    def opening(self, people: int, seed: int) -> None:
        """What is about to happen."""
        if not self.quiet:
            show.say(f"[bold]Landbridge demo[/]: a world of {people:,} people (seed {seed}), known to four systems.")
            show.say("X, Zendesk, HubSpot and Salesforce are stand-ins on this machine, spoken to over HTTP.\n", "dim")

    def begins(self, title: str) -> None:
        """A run begins."""
        if not self.quiet:
            show.say(f"[bold]{title}[/]")

    def ran(self, ran: Ran) -> None:
        """A run's books."""
        if not self.quiet:
            show.books(ran.entries)
            show.say(f"Took {ran.seconds:.1f} s and {ran.crm_writes} writing calls to the CRM.\n", "dim")

    def closing(self, found: dict[str, Any], config: Path, json: bool) -> None:
        """What it came to, and what to try next."""
        if json:
            show.as_json(found)
            return
        for sentence in _sentences(found):
            show.say(sentence)
        _next(config)


def _sentences(found: dict[str, Any]) -> list[str]:
    records, quality, crm = found["records"], found["quality"], found["crm"]
    by_system = ", ".join(f"{count:,} from {system}" for system, count in records.items())
    again = found["second_run"]
    quiet = "nothing changed" if again["nothing_changed"] else "[red]something changed[/]"
    closes = "The books balance at every stage." if found["balance_closes"] else "[red]The books do not balance.[/]"
    return [
        f"[bold]{sum(records.values()):,} records[/]: {by_system}.",
        f"[bold]{found['profiles']:,} profiles[/] and {found['touchpoints']:,} touchpoints are "
        f"[bold]{found['identities']:,} customers[/]; {counted(found['questions'], 'question')} for a person's eye.",
        f"Against the world's truth: precision [bold]{quality['precision']:.1%}[/], "
        f"recall [bold]{quality['recall']:.1%}[/].",
        f"[bold]{found['leads']['valid']:,} leads valid[/], {found['leads']['held']:,} held back with the reason.",
        f"In the CRM: [bold]{crm['created']:,} created, {crm['updated']:,} updated[/], {crm['unchanged']:,} unchanged, "
        f"{crm['refused']:,} refused.",
        f"Run again: {quiet}, {again['crm_writes']} writing calls to the CRM. {closes}",
        f"All in {found['seconds']:.0f} seconds.",
    ]


def _next(config: Path) -> None:
    with opened() as hub:
        lead = _a_lead(hub)
    show.say("\n[bold]Look around[/]")
    show.say(f"  export LANDBRIDGE_CONFIG={show.plain(shlex.quote(str(config)))}")
    steps = [
        ("landbridge console", "all of it in a browser: the map, review, customers, plan"),
        ("landbridge runs", "every run and its books"),
        (f"landbridge explain {lead}", "where a lead's values came from"),
    ]
    steps += [
        ("landbridge audit verify", "prove that nobody altered the trail"),
        ("landbridge try FILE.csv", "your own data"),
    ]
    for command, what in steps:
        show.say(f"  [bold]{command:<42}[/] [dim]{what}[/]")


def _a_lead(hub: Hub) -> str:
    """The lead with the most to tell: one made of many profiles."""
    import sqlalchemy as sa

    query = """SELECT p.crm_id FROM pushed p JOIN golden g USING (identity_id)
               ORDER BY cardinality(g.profiles) DESC, p.crm_id LIMIT 1"""
    with hub.store.begin() as connection:
        return str(connection.scalar(sa.text(query)) or "ID")
