"""Life goes on: new events and edits in a running world, the same ones in the same order for the same seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from random import Random

from sandbox.happenings import with_keys
from sandbox.model import Appearance, Event
from sandbox.noise import written_phone
from sandbox.texts import BRAND_SITE, FORMS, MENTIONS, TICKETS
from sandbox.world import World

_Drafts = Iterator[Appearance | Event]


def live(world: World, count: int, at: datetime) -> list[Appearance | Event]:
    """Make ``count`` things happen at ``at`` (whole seconds), publish them to the stand-ins and return them.

    In turn: a mention on X, a ticket, a form filled in HubSpot, a changed phone in Zendesk, a changed job title in
    HubSpot. Who it happens to depends on the seed and on how much has happened before. A ticket counts as one though
    its opening comment comes with it.
    """
    news: list[Appearance | Event] = []
    for _ in range(count):
        rng = Random(f"{world.seed}/live/{world.live_news}")
        happen = _HAPPENINGS[world.live_news % len(_HAPPENINGS)]
        world.live_news += 1
        for piece in list(happen(world, rng, at.replace(microsecond=0))):
            world.publish(piece)
            news.append(piece)
    return news


def _somebody(world: World, system: str, rng: Random) -> Appearance:
    return rng.choice(world.appearances(system))


def _numbered(world: World, system: str, drafts: list[Event]) -> Iterator[Event]:
    return with_keys(system, drafts, len(world.events(system)))


def _mention(world: World, rng: Random, at: datetime) -> _Drafts:
    who = _somebody(world, "x", rng)
    draft = Event("x", "", who.key, who.person_id, "mention", at, at, text=rng.choice(MENTIONS))
    return _numbered(world, "x", [draft])


def _ticket(world: World, rng: Random, at: datetime) -> _Drafts:
    who, (subject, text) = _somebody(world, "zendesk", rng), rng.choice(TICKETS)
    ticket = Event("zendesk", "t", who.key, who.person_id, "ticket", at, at, subject=subject, text=text, status="new")
    comment = replace(ticket, key="t/0", kind="comment", subject=None, status=None, parent="t")
    return _numbered(world, "zendesk", [ticket, comment])


def _form(world: World, rng: Random, at: datetime) -> _Drafts:
    who = _somebody(world, "hubspot", rng)
    draft = Event("hubspot", "", who.key, who.person_id, "form_filled", at, at, subject=rng.choice(FORMS))
    return _numbered(world, "hubspot", [replace(draft, url=f"{BRAND_SITE}/contact")])


def _phone(world: World, rng: Random, at: datetime) -> _Drafts:
    who = _somebody(world, "zendesk", rng)
    mobile = world.person(who.person_id).mobile
    others = [p for p in (written_phone(rng, mobile) for _ in range(20)) if p not in who.phones]
    yield replace(who, phones=(others[0],), updated_at=at)


def _title(world: World, rng: Random, at: datetime) -> _Drafts:
    who = _somebody(world, "hubspot", rng)
    titles = [title for title in ("Head of Procurement", "Director", "Plant Manager") if title != who.title]
    yield replace(who, title=rng.choice(titles), updated_at=at)


_HAPPENINGS: tuple[Callable[[World, Random, datetime], _Drafts], ...] = (_mention, _ticket, _form, _phone, _title)
