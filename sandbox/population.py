"""The true people: households, namesakes, employers, moves, marriages and changed jobs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from sandbox.locales import LOCALES, Locale
from sandbox.model import Address, Company, Job, Person, Phone
from sandbox.noise import chance, fill_pattern, latin, slug

_TRADES = {
    "Logistics": "logistics", "Software": "software", "Dental": "health care", "Foods": "food", "Hotels": "hospitality",
    "Builders": "construction", "Energy": "energy", "Partners": "consulting", "Textiles": "textiles",
    "Motors": "vehicles", "Print": "media", "Insurance": "insurance",
}  # fmt: skip
_LEGAL_FORMS = {
    "DE": " GmbH", "GB": " Ltd", "US": " Inc.", "FR": " SARL", "ES": " S.L.", "IT": " S.r.l.", "NL": " B.V.",
}  # fmt: skip
_TITLES = (
    "Facility Manager", "Head of Operations", "Purchasing Manager", "Office Manager", "Managing Director", "Engineer",
    "Accountant", "Sales Manager", "IT Administrator", "Project Manager", "Consultant", "CEO", "Team Lead",
    "Sustainability Officer", "Technician",
)  # fmt: skip
_WORDS = ("sunny", "river", "blue", "happy", "quiet", "tiny", "wild", "old", "green", "silver", "lucky", "north")
_ANIMALS = ("otter", "fox", "heron", "badger", "wren", "lynx", "moth", "finch", "raven", "hare", "newt", "crane")
_AGES_AS_OF = date(2026, 1, 1)  # a fixed day, so that who people are does not depend on when the world is made
_HOUSEHOLD_SIZES, _SIZE_WEIGHTS = (1, 2, 3, 4, 5), (42, 32, 13, 9, 4)


@dataclass
class _Taken:
    """Mailboxes and handles already given: each belongs to one person."""

    names: set[str] = field(default_factory=set)

    def claim(self, pattern: str) -> str:
        """``pattern`` with ``{}`` replaced by the first of "", "1", "2"... that is still free."""
        name, count = pattern.format(""), 0
        while name in self.names:
            count += 1
            name = pattern.format(count)
        self.names.add(name)
        return name


@dataclass(frozen=True)
class _Household:
    number: int
    locale: Locale
    family: str
    homes: tuple[Address, ...]
    landline: Phone | None
    email: str | None


def make_companies(count: int, rng: Random) -> list[Company]:
    """``count`` employers, each with its own domain under .example."""
    taken = _Taken()
    return [_company(number, taken, rng) for number in range(count)]


def _company(number: int, taken: _Taken, rng: Random) -> Company:
    locale = _locale(rng)
    word, industry = rng.choice(list(_TRADES.items()))
    family = _plain(latin(rng.choice(locale.family)))
    name = f"{family} {word}" if chance(rng, 0.7) else f"{family} & {_plain(rng.choice(LOCALES[1].family))} {word}"
    domain = taken.claim(slug(name) + "{}.example")
    return Company(
        number=number,
        name=name + _LEGAL_FORMS.get(locale.country, ""),
        domain=domain,
        industry=industry,
        address=_address(locale, rng),
        switchboard=Phone(locale.calling_code, fill_pattern(rng, locale.landline)),
    )


def make_people(count: int, companies: list[Company], rng: Random) -> list[Person]:
    """``count`` people living in households; ids are P0000001 and so on."""
    taken, people, number = _Taken(), list[Person](), 0
    while len(people) < count:
        number += 1
        household, size = _household(number, taken, rng)
        for member in _members(household, size, rng):
            if len(people) < count:
                people.append(_complete(member, len(people) + 1, household, companies, taken, rng))
    return people


def _locale(rng: Random) -> Locale:
    return rng.choices(LOCALES, weights=[locale.weight for locale in LOCALES])[0]


def _plain(name: str) -> str:
    """A name from the lists as written in life."""
    return name.partition("/")[0].replace("_", " ")


def _household(number: int, taken: _Taken, rng: Random) -> tuple[_Household, int]:
    locale, size = _locale(rng), rng.choices(_HOUSEHOLD_SIZES, _SIZE_WEIGHTS)[0]
    family = _family(locale, rng)
    homes = tuple(_address(locale, rng) for _ in range(2 if chance(rng, 0.12) else 1))
    landline = Phone(locale.calling_code, fill_pattern(rng, locale.landline)) if chance(rng, 0.4) else None
    email = None
    if size > 1 and chance(rng, 0.12):
        email = taken.claim(f"family.{slug(family) or 'home'}{{}}@{locale.mail[0]}")
    return _Household(number, locale, family, homes, landline, email), size


def _family(locale: Locale, rng: Random) -> str:
    """A family name; two in five carry a rarer one, made of the front of one name and the back of another."""
    name = _plain(rng.choice(locale.family))
    if not name.isascii() or " " in name or not chance(rng, 0.4):
        return name
    other = _plain(rng.choice(locale.family)).split()[-1]
    if chance(rng, 0.1):
        return f"{name}-{other}" if other != name else name
    return name[: len(name) // 2 + 1] + other[len(other) // 2 :].lower().lstrip("'-")


def _address(locale: Locale, rng: Random) -> Address:
    city, region, postcode = rng.choice(locale.cities)
    house, street = rng.randrange(1, 240), rng.choice(locale.streets)
    line = f"{house} {street}" if locale.number_first else f"{street} {house}"
    if locale.country == "US" and chance(rng, 0.2):
        line += f" Apt {rng.randrange(1, 60)}"
    return Address(line, city, region, fill_pattern(rng, postcode), locale.country)


@dataclass(frozen=True)
class _Member:
    given: str
    family: str
    former_family: str | None
    suffix: str | None
    birth_date: date


def _members(household: _Household, size: int, rng: Random) -> Iterator[_Member]:
    """One or two adults, then children of at least 16; one household in thirty has a father and son of one name."""
    locale, names = household.locale, list[str]()
    namesakes = size > 1 and chance(rng, 0.05)
    for place in range(size):
        male = namesakes or (place % 2 == 0) == chance(rng, 0.85)
        pool = [_plain(name) for name in (locale.male if male else locale.female)]
        given = names[0] if namesakes and place == 1 else rng.choice([n for n in pool if n not in names] or pool)
        names.append(given)
        age = rng.randrange(24, 82) if place < 2 and not namesakes else rng.randrange(16, 30)
        age = rng.randrange(48, 84) if namesakes and place == 0 else age
        suffix = ("Sr.", "Jr.")[place] if namesakes and place < 2 else None
        own = not namesakes and place == 1 and chance(rng, 0.15)
        family = _family(locale, rng) if own else household.family
        former = _family(locale, rng) if not male and place < 2 and chance(rng, 0.08) else None
        yield _Member(given, family, former, suffix, _AGES_AS_OF - timedelta(days=age * 365 + rng.randrange(365)))


def _complete(
    member: _Member, number: int, household: _Household, companies: list[Company], taken: _Taken, rng: Random
) -> Person:
    """The member with everything that is theirs alone: mailboxes, mobile, handle, jobs."""
    locale = household.locale
    first, last = slug(member.given) or "user", slug(member.family) or "user"
    emails = [_mailbox(first, last, member.birth_date.year, locale, taken, rng)]
    if chance(rng, 0.3):
        emails.append(_mailbox(first, last, member.birth_date.year, locale, taken, rng))
    return Person(
        id=f"P{number:07d}",
        number=number,
        household=household.number,
        locale=locale.code,
        language=locale.language,
        given=member.given,
        middle=_plain(rng.choice(locale.male)) if member.given.isascii() and chance(rng, 0.15) else None,
        family=member.family,
        former_family=member.former_family,
        suffix=member.suffix,
        birth_date=member.birth_date,
        homes=household.homes,
        jobs=tuple(_jobs(first, last, companies, taken, rng)) if chance(rng, 0.6) else (),
        emails=tuple(emails),
        family_email=household.email,
        mobile=Phone(locale.calling_code, fill_pattern(rng, locale.mobile)),
        landline=household.landline,
        handle=_handle(first, last, taken, rng) if chance(rng, 0.48) else None,
    )


def _mailbox(first: str, last: str, year: int, locale: Locale, taken: _Taken, rng: Random) -> str:
    boxes = (
        f"{first}.{last}", f"{first}{last}", f"{first[0]}{last}", f"{last}.{first}", f"{first}{year % 100:02d}",
        f"{first}_{last}{year % 100:02d}", f"{rng.choice(_WORDS)}{rng.choice(_ANIMALS)}{rng.randrange(10, 99)}",
    )  # fmt: skip
    box = rng.choices(boxes, weights=(34, 14, 12, 10, 10, 10, 10))[0]
    return taken.claim(f"{box}{{}}@{rng.choice(locale.mail)}")


def _handle(first: str, last: str, taken: _Taken, rng: Random) -> str:
    """At most 15 characters, as X has it; three in ten say nothing about the name."""
    invented = f"{rng.choice(_WORDS)}{rng.choice(_ANIMALS)}"
    numbered = f"{first}{rng.randrange(60, 99)}"
    derived = (f"{first}{last}", f"{first}_{last}", f"{first[0]}{last}", f"{last}{first}", numbered)
    name = invented if chance(rng, 0.3) else rng.choice(derived)
    return taken.claim(name[:12] + "{}")


def _jobs(first: str, last: str, companies: list[Company], taken: _Taken, rng: Random) -> Iterator[Job]:
    """The present job, and for one in six the one before; large companies come first in the list and are likelier."""
    for _ in range(2 if chance(rng, 0.16) else 1):
        company = companies[int(len(companies) * rng.random() ** 1.8)]
        box = (f"{first}.{last}", f"{first[0]}{last}", f"{first}")[company.number % 3]
        yield Job(company, rng.choice(_TITLES), taken.claim(f"{box}{{}}@{company.domain}"))
