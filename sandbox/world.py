"""The world: people, what four systems know of them, and what happened. Same arguments, same world, in any process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

from sandbox.happenings import make_events
from sandbox.model import SYSTEMS, Appearance, Company, Event, Person
from sandbox.population import make_companies, make_people
from sandbox.records import make_appearances

Take = Callable[[Appearance | Event], None]


@dataclass
class World:
    """A seeded world as it was at ``now``, and what has happened since by ``publish``.

    ``appearances`` and ``events`` are ordered by when they were made. A system's stand-in reads both once and calls
    ``listen``; from then on each new event, and each new or changed appearance (same key: it replaces the old one),
    is handed to it. ``live_news`` counts what ``sandbox.live`` has made happen.
    """

    people: Sequence[Person]
    companies: Sequence[Company]
    seed: int
    now: datetime
    _appearances: dict[str, dict[str, Appearance]] = field(default_factory=lambda: {system: {} for system in SYSTEMS})
    _events: dict[str, list[Event]] = field(default_factory=lambda: {system: [] for system in SYSTEMS})
    live_news: int = 0
    _takers: dict[str, list[Take]] = field(default_factory=lambda: {system: [] for system in SYSTEMS})

    def appearances(self, system: str) -> list[Appearance]:
        """What ``system`` holds about people, newest version of each."""
        return list(self._appearances[system].values())

    def appearance(self, system: str, key: str) -> Appearance:
        """The appearance with that vendor's id; ``KeyError`` if there is none."""
        return self._appearances[system][key]

    def events(self, system: str) -> list[Event]:
        """What happened in ``system``."""
        return list(self._events[system])

    def person(self, person_id: str) -> Person:
        """The true person, e.g. of ``P0000012``; ``IndexError`` if there is none."""
        return self.people[int(person_id[1:]) - 1]

    def listen(self, system: str, take: Take) -> None:
        """Have ``take`` called with everything that is published for ``system`` from now on."""
        self._takers[system].append(take)

    def publish(self, news: Appearance | Event) -> None:
        """Add an event, or add or replace an appearance, and tell who listens."""
        if isinstance(news, Event):
            self._events[news.system].append(news)
        else:
            self._appearances[news.system][news.key] = news
        for take in self._takers[news.system]:
            take(news)


def make_world(people: int, seed: int, now: datetime) -> World:
    """A world of ``people`` persons as of ``now`` (kept in UTC): equal for equal arguments, in any process.

    ``now`` moves times and the ids made of them; who is there, what is known of them and what they do stays the same.
    Takes about a second for 2,000 people and half a minute for 50,000.
    """
    now = now.astimezone(UTC)
    companies = make_companies(max(5, people // 15), Random(f"{seed}/companies"))
    persons = make_people(people, companies, Random(f"{seed}/people"))
    rows = make_appearances(persons, seed, now)
    events = make_events(rows, {person.id: person for person in persons}, seed, now)
    world = World(persons, companies, seed, now)
    for system in SYSTEMS:
        world._appearances[system] = {row.key: row for row in rows[system]}
        world._events[system] = events[system]
    return world
