"""Input that means nothing, or means harm, joins nobody and stops nothing."""

from __future__ import annotations

from typing import Any

import pyarrow.compute as pc
import pytest

from landbridge.identity.resolve import resolve
from tests.identity.people import person, profiles, together

EMPTY = {
    "full_name": "N/A",
    "email": "test@test.com",
    "phone": "000-000",
    "birth_date": "1900-01-01",
    "city": "",
    "company": "none",
}


def test_profiles_that_say_nothing_stay_single() -> None:
    rows = [person(f"a/u/{n}") for n in range(50)] + [person(f"b/u/{n}", **EMPTY) for n in range(50)]
    assert together(resolve(profiles(*rows)).links) == set()


A_NAME = {("a/u/full_name", "b/u/full_name")}
JUNK: dict[str, set[tuple[str, str]]] = {
    "x" * 10_000: set(),
    "\U0001f389\U0001f525": set(),
    "\x00\x00": set(),
    "مرحبا بالعالم": A_NAME,
    "'; DROP TABLE nodes; --": A_NAME,
    "{0} {left} %s \\": set(),
    " - ": set(),
    "N/A": set(),
    "Test Unknown": set(),
    "test@test.com": set(),
    "000-000-0000": set(),
    "\u202eevil": set(),
    "a" * 500 + "@b.example": set(),
}
"""What people and machines write where something is asked; and where it is a value all the same, who has it in common:
two words of letters are a name."""


def two_with(field: str, junk: str) -> list[dict[str, Any]]:
    """Two of one town who share the junk in one field, and whom nothing else tells apart."""
    told: dict[str, Any] = {field: [junk] if field in ("email", "phone", "handle", "reference") else junk}
    if field in ("full_name", "given_name", "family_name", "company"):
        return [person(f"{s}/u/{field}", city="Leeds", email=f"{s}{field}@gmail.com", **told) for s in "ab"]
    named = person(f"a/u/{field}", full_name=f"Ann {field}berg", city="Leeds", **told)
    return [named, person(f"b/u/{field}", city="Leeds", **told)]


@pytest.mark.parametrize("junk", JUNK)
def test_junk_in_common_joins_nobody(junk: str) -> None:
    fields = ("full_name", "given_name", "family_name", "company", "birth_date", "email", "phone", "handle")
    rows = [row for field in (*fields, "reference") for row in two_with(field, junk)]
    assert together(resolve(profiles(*rows)).links) == set(map(frozenset, JUNK[junk]))


@pytest.mark.parametrize("value", ["ann.archer@posteo.example", "+442079460018", "x:annarcher77"])
def test_what_is_no_junk_joins_the_two(value: str) -> None:
    """So that the test above can fail: the same two, with a value that says something."""
    field = {"a": "email", "+": "phone", "x": "handle"}[value[0]]
    assert together(resolve(profiles(*two_with(field, value))).links) == {frozenset((f"a/u/{field}", f"b/u/{field}"))}


@pytest.mark.parametrize(("junk", "most"), [("-", 1), ("\x00\x00", 1), ("x" * 10_000, 25)])
def test_one_value_in_every_field_of_everybody(junk: str, most: int) -> None:
    """Copies of a row that says anything are gathered, in customers that are no larger than is believed unasked."""
    fields = ("full_name", "given_name", "family_name", "street", "city", "postcode", "company", "birth_date")
    many = ("email", "phone", "handle", "reference")
    told: dict[str, Any] = dict.fromkeys((*fields, "country", "region_hint"), junk) | {name: [junk] for name in many}
    assert resolve(profiles(*(person(f"a/u/{n}", **told) for n in range(45)))).stats["largest"] <= most


STOPGAPS = (
    {"company": "[not provided]"},
    {"company": "<à compléter>"},
    {"company": "N/A."},
    {"company": "Self-employed"},
)
PROVIDERS = ("yahoo.co.jp", "docomo.ne.jp", "naver.com", "yahoo.com.ar", "gmail.com")


@pytest.mark.parametrize("told", [*STOPGAPS, *({"provider": provider} for provider in PROVIDERS)], ids=str)
def test_an_employer_that_is_none_does_not_make_one_of_two_namesakes(told: dict[str, str]) -> None:
    company, provider = told.get("company"), told.get("provider", "gmail.com")
    names = ["John Smith"] * 2 + [f"P{n} F{n}" for n in range(28)]
    rows = [
        person(f"a/u/{n}", full_name=name, company=company, email=f"{'kqxzjvwy'[n % 8] * 3}{n * 7919}@{provider}")
        for n, name in enumerate(names)
    ]
    assert together(resolve(profiles(*rows)).links) == set()


def test_an_employer_makes_one_of_two_namesakes() -> None:
    """So that the test above can fail."""
    told = {"full_name": "John Smith", "company": "Brightwell Tools"}
    rows = [person(f"a/u/{n}", **told, email=f"{'kq'[n] * 3}{n}@gmail.com") for n in range(2)]
    assert together(resolve(profiles(*rows)).links) == {frozenset(("a/u/0", "a/u/1"))}


def test_one_mailbox_on_a_whole_base_does_not_chain_strangers() -> None:
    names = ("Ann Archer", "Ben Baker", "Cleo Carter", "Dan Dyer", "Eve Ellis", "Finn Fox", "Gus Gray", "Hal Hill")
    mail = "mega.store@mega.example"
    rows = [person(f"{name}/u/{n}", full_name=name, email=mail) for n in range(4) for name in names]
    rows += [person(f"nobody/u/{n}", email=mail) for n in range(4)]
    found = together(resolve(profiles(*rows)).links)
    assert found == {frozenset(f"{name}/u/{n}" for n in range(4)) for name in names}, "and who has no name is nobody's"


@pytest.mark.parametrize("people", [24, 60])
def test_a_name_that_many_write_for_nobody_joins_hardly_any(people: int) -> None:
    """In a base of others, each with an address and a phone of their own: frequency alone takes its weight away."""
    givens, families = "Ann Ben Cleo Dan Eve Finn Gus Hal".split(), "Archer Baker Carter Dyer Ellis Fox Gray".split()  # noqa: SIM905
    others = [f"{given} {family}{end}" for given in givens for family in families for end in ("", "son", "wood", "ly")]
    called = [*others * 2, *["Laufkunde Kasse"] * people]
    rows = [
        person(f"a/u/{n}", full_name=name, email=f"{'acegikmoqs'[n % 10] * 3}{n * 7919}@gmail.com", phone=phone(n))
        for n, name in enumerate(called)
    ]
    first = len(called) - people
    found = resolve(profiles(*rows)).links.filter(
        pc.field("profile_id").isin([f"a/u/{n}" for n in range(first, len(called))])
    )
    assert together(found) == set()


def phone(number: int) -> str:
    """No two of them a slip apart."""
    return f"+4420{(number * 2_654_435_761) % 89_999_999 + 10_000_000}"


def test_nulls_inside_lists_are_passed_over() -> None:
    rows = [
        person("a/u/1", email=[None, "ann@acme.example"], phone=[None]),
        person("a/u/2", email=[], handle=[None], reference=[None]),
    ]
    assert resolve(profiles(*rows)).stats["profiles"] == 2


def test_one_profile_with_thousands_of_values() -> None:
    row = person(
        "a/u/1", email=[f"ann{n}@acme.example" for n in range(3000)], phone=[f"+4366412{n:05}" for n in range(3000)]
    )
    assert resolve(profiles(row, person("a/u/2", email="ann7@acme.example"))).stats["profiles"] == 2
