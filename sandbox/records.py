"""What each system holds about the true people: partial, misspelled, outdated, sometimes twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from sandbox.ids import salesforce_id, x_id
from sandbox.model import SYSTEMS, Appearance, Consent, Handle, Person, Phone, Reference
from sandbox.noise import (
    PLACEHOLDER_EMAILS,
    PLACEHOLDER_PHONES,
    ROLES,
    chance,
    fold,
    latin,
    nickname,
    slug,
    typo,
    umlauts_spelled_out,
    written_birth_date,
    written_email,
    written_phone,
    written_street,
)


@dataclass(frozen=True)
class _Habits:
    """How one system comes to know people: the share that it knows, and the share of them with each field filled."""

    known: float
    twice: float
    email: float
    work_email: float
    phone: float
    address: float
    city: float
    company: float
    birth_date: float
    handle: float
    own_script: float


_HABITS = {
    "x": _Habits(0.92, 0.0, 0.0, 0.0, 0.0, 0.0, 0.55, 0.0, 0.0, 1.0, 0.8),
    "zendesk": _Habits(0.58, 0.08, 0.95, 0.3, 0.45, 0.0, 0.1, 0.35, 0.0, 0.2, 0.6),
    "hubspot": _Habits(0.75, 0.06, 0.98, 0.5, 0.35, 0.25, 0.6, 0.6, 0.08, 0.25, 0.4),
    "salesforce": _Habits(0.45, 0.08, 0.9, 0.6, 0.75, 0.6, 0.75, 0.9, 0.15, 0.15, 0.3),
}
_FIRST_NUMBERS = {"zendesk": 360_000_100, "hubspot": 51, "salesforce": 40_000, "x": 0}


def make_appearances(people: Iterable[Person], seed: int, now: datetime) -> dict[str, list[Appearance]]:
    """Every system's appearances, oldest first, with ids in that order and cross-references in place."""
    drafts: dict[str, list[Appearance]] = {system: [] for system in SYSTEMS}
    for person in people:
        rng = Random(f"{seed}/records/{person.id}")
        for system in _systems_of(person, rng):
            drafts[system].extend(_drafts(person, system, rng, now))
    keyed = {system: list(_keyed(system, rows)) for system, rows in drafts.items()}
    keyed["salesforce"] = _conversions(keyed["salesforce"])
    return _cross_referenced(keyed, Random(f"{seed}/references"))


def _systems_of(person: Person, rng: Random) -> list[str]:
    """Where the person is known: at least in one system."""
    known = [s for s in SYSTEMS if chance(rng, _HABITS[s].known) and (s != "x" or person.handle)]
    return known or [rng.choice(("zendesk", "hubspot", "hubspot", "salesforce"))]


def _drafts(person: Person, system: str, rng: Random, now: datetime) -> Iterator[Appearance]:
    """The person's appearance in the system and, where life is untidy, a second one. Keys are given later."""
    count = 2 if chance(rng, _HABITS[system].twice) else 1
    kinds = ["user", "user"] if system in ("x", "zendesk") else ["contact", "contact"]
    if system == "salesforce":
        kinds = ["contact", "converted"] if count == 2 and chance(rng, 0.6) else rng.choices(["lead", "contact"], k=2)
    for kind in kinds[:count]:
        yield _draft(person, system, kind, rng, now)


def _draft(person: Person, system: str, kind: str, rng: Random, now: datetime) -> Appearance:
    habits = _HABITS[system]
    created = now - timedelta(seconds=rng.randrange(2 * 86400, 3 * 365 * 86400))
    updated = created + (now - timedelta(hours=1) - created) * rng.random() ** 0.7
    given, family = _name(person, habits, rng)
    old_job = len(person.jobs) > 1 and chance(rng, 0.45)
    draft = Appearance(
        system=system,
        key="",
        person_id=person.id,
        kind=kind,
        created_at=created.replace(microsecond=0),
        updated_at=updated.replace(microsecond=0),
        given=given,
        family=family,
        display_name=_display_name(person, system, given, family, rng),
        emails=tuple(_emails(person, habits, old_job, rng)),
        phones=tuple(_phones(person, habits, rng)),
        handle=Handle("x", person.handle) if person.handle and chance(rng, habits.handle) else None,
        language=person.language if chance(rng, 0.7) else None,
        birth_date=_maybe_birth_date(person, habits, rng),
    )
    return _placed(_employed(draft, person, habits, old_job, rng), person, habits, rng)


def _name(person: Person, habits: _Habits, rng: Random) -> tuple[str, str]:
    """Given and family name as this record has them."""
    given, family = person.given, person.family
    if person.former_family and chance(rng, 0.4):
        family = person.former_family
    if not chance(rng, habits.own_script):
        given, family = latin(given), latin(family)
    if chance(rng, 0.12):
        given = nickname(rng, given)
    elif chance(rng, 0.03):
        given = given[0] + "."
    elif person.middle and chance(rng, 0.5):
        given = f"{given} {person.middle[0]}."
    if person.suffix and chance(rng, 0.6):
        family = f"{family} {person.suffix}"
    return _mistyped(given, rng), _mistyped(family, rng)


def _mistyped(name: str, rng: Random) -> str:
    """Accents lost in two of five, umlauts spelled out now and then, a typo in three of a hundred, odd capitals."""
    if not name.isascii():
        name = rng.choices((name, fold(name), umlauts_spelled_out(name)), (50, 35, 15))[0]
    if chance(rng, 0.03):
        name = typo(rng, name)
    if chance(rng, 0.06):
        name = rng.choice((name.upper(), name.lower()))
    return name


def _display_name(person: Person, system: str, given: str, family: str, rng: Random) -> str:
    """One line of name: in X often shortened, elsewhere now and then family name first or with the comma of a form."""
    if system == "x":
        short = (f"{given} {family}", given, f"{given} {family[0]}.", person.handle or given)
        return rng.choices(short, (70, 12, 8, 10))[0]
    if person.locale == "ja_JP" and not given.isascii():
        return f"{family} {given}"
    return rng.choices((f"{given} {family}", f"{family}, {given}", f"{family} {given}"), (95, 3, 2))[0]


def _emails(person: Person, habits: _Habits, old_job: bool, rng: Random) -> Iterator[str]:
    """None to two addresses: work, private, the family's, the office's, or a placeholder typed to get past a form."""
    if not chance(rng, habits.email):
        return
    if chance(rng, 0.008):
        yield rng.choice(PLACEHOLDER_EMAILS)
        return
    job = person.jobs[1 if old_job else 0] if person.jobs else None
    choices = [rng.choice(person.emails)]
    if job and chance(rng, habits.work_email):
        choices.insert(0, f"{rng.choice(ROLES)}@{job.company.domain}" if chance(rng, 0.04) else job.email)
    elif person.family_email and chance(rng, 0.4):
        choices.insert(0, person.family_email)
    for address in choices[: 2 if chance(rng, 0.15) else 1]:
        yield written_email(rng, address)


def _phones(person: Person, habits: _Habits, rng: Random) -> Iterator[str]:
    if not chance(rng, habits.phone):
        return
    if chance(rng, 0.008):
        yield rng.choice(PLACEHOLDER_PHONES)
        return
    numbers: list[Phone] = [person.mobile]
    if person.landline and chance(rng, 0.35):
        numbers.insert(0, person.landline)
    elif person.jobs and chance(rng, 0.15):
        numbers.insert(0, person.jobs[0].company.switchboard)
    for number in numbers[: 2 if chance(rng, 0.2) else 1]:
        yield written_phone(rng, number)


def _maybe_birth_date(person: Person, habits: _Habits, rng: Random) -> str | None:
    return written_birth_date(rng, person.birth_date.isoformat()) if chance(rng, habits.birth_date) else None


def _employed(draft: Appearance, person: Person, habits: _Habits, old_job: bool, rng: Random) -> Appearance:
    """The draft with employer, title and site; for X a bio that may name them; for others what they agreed to."""
    job = person.jobs[1 if old_job else 0] if person.jobs else None
    if draft.system == "x":
        return replace(draft, bio=_bio(person, rng), website=_site(person, rng))
    draft = replace(draft, consents=tuple(_consents(draft, rng)))
    if job is None or not chance(rng, habits.company):
        return draft
    company = job.company.name
    if chance(rng, 0.2):
        company = company.rsplit(" ", 1)[0]
    return replace(
        draft,
        company=typo(rng, company) if chance(rng, 0.03) else company,
        title=job.title if chance(rng, 0.7) else None,
        website=rng.choice((job.company.domain, f"https://www.{job.company.domain}")) if chance(rng, 0.3) else None,
    )


def _bio(person: Person, rng: Random) -> str | None:
    lines = ["Views my own.", "Coffee, trains, gardens.", "Proud parent of two.", "Home owner, tinkerer."]
    if person.jobs and chance(rng, 0.5):
        lines.append(f"{person.jobs[0].title} at {person.jobs[0].company.name}.")
        return " ".join(reversed(lines[-2:]))
    return rng.choice(lines) if chance(rng, 0.7) else None


def _site(person: Person, rng: Random) -> str | None:
    if person.jobs and chance(rng, 0.25):
        return f"https://www.{person.jobs[0].company.domain}"
    return f"https://{slug(person.given)}{slug(person.family)}.example" if chance(rng, 0.08) else None


def _consents(draft: Appearance, rng: Random) -> Iterator[Consent]:
    """Refusals and grants as each system keeps them; a ticket system asks for none."""
    if draft.system == "zendesk":
        return
    if chance(rng, 0.07):
        yield Consent("email", "refused", draft.updated_at)
    elif draft.system == "hubspot" and chance(rng, 0.5):
        yield Consent("email", "granted", draft.created_at)
    if draft.system == "salesforce" and chance(rng, 0.04):
        yield Consent("phone", "refused", draft.updated_at)


def _placed(draft: Appearance, person: Person, habits: _Habits, rng: Random) -> Appearance:
    """The draft with as much of the address as this system has: nothing, city and country, or all of it."""
    home = person.homes[-1] if chance(rng, 0.45) else person.homes[0]
    if draft.system == "salesforce" and draft.company and person.jobs and chance(rng, 0.6):
        home = person.jobs[0].company.address
    if not chance(rng, habits.city):
        return draft
    city = fold(home.city) if chance(rng, 0.3) else home.city
    city = typo(rng, city) if chance(rng, 0.02) else city
    draft = replace(draft, city=city, country=home.country, region=home.region)
    if not chance(rng, habits.address):
        return draft
    return replace(draft, street=written_street(rng, home.street), postcode=home.postcode)


def _one_holder(system: str, drafts: list[Appearance]) -> list[Appearance]:
    """Zendesk and HubSpot let an address belong to one record only: whoever comes later goes without it."""
    if system not in ("zendesk", "hubspot"):
        return drafts
    taken: set[str] = set()
    result = []
    for draft in drafts:
        free = tuple(address for address in draft.emails if address.strip().lower() not in taken)
        taken.update(address.strip().lower() for address in free)
        result.append(replace(draft, emails=free))
    return result


def _keyed(system: str, drafts: list[Appearance]) -> Iterator[Appearance]:
    """The drafts, oldest first, with the vendor's ids."""
    drafts.sort(key=lambda draft: (draft.created_at, draft.person_id))
    drafts = _one_holder(system, drafts)
    for number, draft in enumerate(drafts):
        if system == "x":
            key = x_id(draft.created_at, number)
        elif system == "salesforce":
            key = salesforce_id("contact" if draft.kind == "contact" else "lead", _FIRST_NUMBERS[system] + number)
        else:
            key = str(_FIRST_NUMBERS[system] + number * 3 + (number % 7 == 0))
        yield replace(draft, key=key)


def _conversions(rows: list[Appearance]) -> list[Appearance]:
    """A lead that became a contact points to it and carries what the contact does, for it was copied over."""
    contacts = {row.person_id: row for row in rows if row.kind == "contact"}
    converted = []
    for row in rows:
        if row.kind != "converted":
            converted.append(row)
            continue
        contact = contacts[row.person_id]
        lead = replace(contact, key=row.key, kind="lead", converted_to=contact.key, created_at=row.created_at)
        converted.append(replace(lead, updated_at=max(row.created_at, contact.created_at)))
    return converted


def _cross_referenced(rows: dict[str, list[Appearance]], rng: Random) -> dict[str, list[Appearance]]:
    """Some Zendesk users and HubSpot contacts carry the Salesforce id of the same person."""
    in_crm: dict[str, list[Appearance]] = {}
    for row in rows["salesforce"]:
        if row.converted_to is None:
            in_crm.setdefault(row.person_id, []).append(row)
    for system, share in (("zendesk", 0.25), ("hubspot", 0.35)):
        for place, row in enumerate(rows[system]):
            targets = in_crm.get(row.person_id)
            if targets and chance(rng, share):
                target = rng.choice(targets)
                reference = Reference("salesforce", target.kind.title(), target.key)
                rows[system][place] = replace(row, references=(reference,))
    return rows
