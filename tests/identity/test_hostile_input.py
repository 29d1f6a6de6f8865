"""Input that means nothing, or means harm, joins nobody and stops nothing."""

from __future__ import annotations

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


@pytest.mark.parametrize(
    "junk",
    [
        "x" * 10_000,
        "\U0001f389\U0001f525",
        "\x00\x00",
        "مرحبا بالعالم",
        "'; DROP TABLE nodes; --",
        "{0} {left} %s \\",
        "-",
        "  ",
        "\u202eevil",
        "a" * 500 + "@b.example",
    ],
)
def test_one_value_in_every_field_of_everybody(junk: str) -> None:
    fields = (
        "full_name",
        "given_name",
        "family_name",
        "street",
        "city",
        "postcode",
        "company",
        "birth_date",
        "country",
        "region_hint",
    )
    many = ("email", "phone", "handle", "reference")
    rows = [person(f"a/u/{n}", **dict.fromkeys(fields, junk), **{name: [junk] for name in many}) for n in range(45)]
    assert resolve(profiles(*rows)).stats["profiles"] == 45


def test_one_mailbox_on_a_whole_base_does_not_chain_strangers() -> None:
    names = ("Ann Archer", "Ben Baker", "Cleo Carter", "Dan Dyer", "Eve Ellis", "Finn Fox", "Gus Gray", "Hal Hill")
    rows = [
        person(f"a/u/{n}", full_name=f"{name} {'x' * (n // 8)}", email="shop@mega.example")
        for n, name in enumerate(names * 30)
    ]
    found = resolve(profiles(*rows))
    assert found.stats["largest"] < 40


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
