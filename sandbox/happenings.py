"""What happened between people and us in the last months: posts, tickets, e-mails opened, forms, deals, calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from sandbox.ids import salesforce_id, x_id
from sandbox.model import SYSTEMS, Appearance, Event, Person
from sandbox.noise import chance, written_phone
from sandbox.texts import (
    ANSWERS,
    BRAND_SITE,
    CAMPAIGNS,
    DEALS,
    FOLLOW_UPS,
    FORMS,
    MENTIONS,
    PAGES,
    POSTS,
    STAGES,
    TICKETS,
)

_FIRST_TICKET, _FIRST_COMMENT, _FIRST_TOUCH, _FIRST_CRM = 10_001, 920_000_001, 7_000_001, 90_000


def make_events(
    appearances: dict[str, list[Appearance]], people: dict[str, Person], seed: int, now: datetime
) -> dict[str, list[Event]]:
    """Every system's events, oldest first, with ids in that order."""
    events: dict[str, list[Event]] = {}
    for system in SYSTEMS:
        drafts: list[Event] = []
        for place, row in enumerate(appearances[system]):
            rng = Random(f"{seed}/events/{system}/{place}")
            drafts.extend(_WRITERS[system](row, people[row.person_id], rng, now))
        events[system] = list(with_keys(system, drafts, 0))
    return events


def with_keys(system: str, drafts: list[Event], start: int) -> Iterator[Event]:
    """The drafts, oldest first, numbered from ``start`` and given the vendor's ids; a comment's ``parent`` is set too.

    A draft's key is its place in the story of its author: comments name their ticket's draft by it.
    """
    drafts.sort(key=lambda draft: (draft.at, draft.appearance_key, draft.key))
    tickets: dict[str, str] = {}
    for number, draft in enumerate(drafts, start):
        key = _key(system, draft, number)
        if draft.kind == "ticket":
            tickets[draft.key] = key
        yield replace(draft, key=key, parent=tickets.get(draft.parent or ""))


def _key(system: str, draft: Event, number: int) -> str:
    if system == "x":
        return x_id(draft.at, number)
    if system == "salesforce":
        return salesforce_id("opportunity" if draft.kind == "opportunity" else "task", _FIRST_CRM + number)
    first = {"ticket": _FIRST_TICKET, "comment": _FIRST_COMMENT}.get(draft.kind, _FIRST_TOUCH)
    return str(first + number)


def posts(row: Appearance, person: Person, rng: Random, now: datetime) -> Iterator[Event]:
    """Posts of one account: most say our name, and three in four are of the last week."""
    for _ in range(rng.choices((0, 1, 2, 4), (45, 35, 15, 5))[0]):
        named = chance(rng, 0.7)
        seconds = rng.randrange(120, int(6.8 * 86400)) if chance(rng, 0.75) else rng.randrange(7 * 86400, 40 * 86400)
        at = (now - timedelta(seconds=seconds)).replace(microsecond=0)
        yield _event(row, "mention" if named else "post", at, text=rng.choice(MENTIONS if named else POSTS))


def tickets(row: Appearance, person: Person, rng: Random, now: datetime) -> Iterator[Event]:
    """Tickets of one requester with the conversation on each; one text in four ends in a signature."""
    for place in range(rng.choices((0, 1, 2, 3), (50, 32, 13, 5))[0]):
        opened = (now - timedelta(seconds=rng.randrange(3600, 120 * 86400))).replace(microsecond=0)
        subject, text = rng.choice(TICKETS)
        if chance(rng, 0.25):
            text += "\n\n" + signature(person, rng)
        draft = f"{row.key}/{place}"
        talk = list(_talk(row, draft, text, opened, rng, now))
        status = rng.choices(("new", "open", "pending", "solved", "closed", "deleted"), (12, 22, 15, 30, 19, 2))[0]
        last = talk[-1].at
        yield _event(row, "ticket", opened, key=draft, subject=subject, text=text, status=status, updated_at=last)
        yield from talk


def _talk(row: Appearance, draft: str, text: str, opened: datetime, rng: Random, now: datetime) -> Iterator[Event]:
    """The comments: the opening text, then answers and follow-ups in turn."""
    at, turns = opened, 1 + rng.choices((0, 1, 2, 3), (40, 30, 20, 10))[0]
    for turn in range(turns):
        ours = turn % 2 == 1
        words = text if turn == 0 else rng.choice(ANSWERS if ours else FOLLOW_UPS)
        words = words.replace("{number}", str(rng.randrange(100000, 999999)))
        yield _event(
            row, "comment", at, key=f"{draft}/{turn}", parent=draft, text=words, direction="out" if ours else "in"
        )
        at = min(at + timedelta(seconds=rng.randrange(600, 90000)), now - timedelta(minutes=10)).replace(microsecond=0)


def signature(person: Person, rng: Random) -> str:
    """The lines under a mail: name, perhaps employer, phone and site. Often the only place where a mobile is named."""
    lines = ["--", f"{person.given} {person.family}"]
    if person.jobs:
        job = person.jobs[0]
        lines += [f"{job.title}, {job.company.name}", f"Tel. {written_phone(rng, job.company.switchboard)}"]
        lines += [f"{job.email} | www.{job.company.domain}"] if chance(rng, 0.5) else []
    if chance(rng, 0.7):
        lines.append(f"Mobile: {written_phone(rng, person.mobile)}")
    return "\n".join(lines)


def touches(row: Appearance, person: Person, rng: Random, now: datetime) -> Iterator[Event]:
    """What marketing saw of one contact: e-mails opened and clicked, forms filled, pages visited."""
    for _ in range(rng.choices((0, 1, 2, 4), (35, 30, 20, 15))[0]):
        at = (now - timedelta(seconds=rng.randrange(600, 80 * 86400))).replace(microsecond=0)
        kind = rng.choices(("email_opened", "email_clicked", "form_filled", "page_visited"), (45, 18, 15, 22))[0]
        subject = rng.choice(FORMS) if kind == "form_filled" else None
        campaign = rng.choice(CAMPAIGNS) if kind.startswith("email") or chance(rng, 0.3) else None
        url = None if kind == "email_opened" else BRAND_SITE + rng.choice(PAGES)
        yield _event(row, kind, at, subject=subject, campaign=campaign, url=url)


def deals(row: Appearance, person: Person, rng: Random, now: datetime) -> Iterator[Event]:
    """What the CRM knows: an opportunity for two contacts in five, a call for one record in five."""
    at = (now - timedelta(seconds=rng.randrange(86400, 300 * 86400))).replace(microsecond=0)
    if row.kind == "contact" and chance(rng, 0.4):
        name = f"{row.company or row.family} - {rng.choice(DEALS)}"
        amount = rng.randrange(8, 400) * 500
        yield _event(row, "opportunity", at, subject=name, status=rng.choice(STAGES), amount=amount)
    if row.converted_to is None and chance(rng, 0.2):
        yield _event(row, "call", at + timedelta(hours=3), subject="Call", text="Asked for prices.", direction="out")


def _event(row: Appearance, kind: str, at: datetime, key: str = "", **fields: object) -> Event:
    at = max(at, row.created_at)  # nobody is heard before they are known
    event = Event(row.system, key, row.key, row.person_id, kind, at, at)
    return replace(event, **fields)  # type: ignore[arg-type]  # the callers name fields of Event


_WRITERS: dict[str, Callable[[Appearance, Person, Random, datetime], Iterator[Event]]] = {
    "x": posts,
    "zendesk": tickets,
    "hubspot": touches,
    "salesforce": deals,
}
