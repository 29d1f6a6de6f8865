"""Resolving by hand-made traps: who must be one, who must never be, and what decisions and earlier runs do."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest

from landbridge.identity.clustering import LARGEST
from landbridge.identity.resolve import Resolution, resolve
from tests.identity.people import person, profiles, together

ALBERT = (
    person("zendesk/users/1", full_name="Albert Lindau", email="albert.lindau@gmail.com"),
    person(
        "hubspot/contacts/1", given_name="Al", family_name="Lindau", email="AlbertLindau+news@gmail.com", city="Graz"
    ),
    person("x/users/1", full_name="LINDAU, Albert", handle="x:albert_lindau", phone="+43 664 1234568"),
    person("salesforce/Lead/1", given_name="Albert", family_name="Lindau", phone="0664 1234568", region_hint="AT"),
)
FAMILY = (
    person(
        "crm/c/1",
        full_name="Maria Rossi",
        email="family.rossi3@gmail.com",
        street="Via Roma 4",
        city="Torino",
        birth_date="1971-05-02",
    ),
    person(
        "crm/c/2",
        full_name="Mario Rossi",
        email="family.rossi3@gmail.com",
        street="Via Roma 4",
        city="Torino",
        birth_date="1969-01-12",
    ),
    person(
        "shop/c/1",
        full_name="Luca Rossi",
        phone="+39 011 5551234",
        street="Via Roma 4",
        city="Torino",
        birth_date="2001-11-30",
    ),
)


def decided(*rows: tuple[str, str, str]) -> pa.Table:
    """Decisions as a table."""
    return pa.Table.from_pylist([dict(zip(("left_id", "right_id", "verdict"), row, strict=True)) for row in rows])


def previous(resolution: Resolution) -> pa.Table:
    """A run's links as the next run is given them."""
    return resolution.links.select(["profile_id", "identity_id"]).join(resolution.born, "identity_id")


def test_one_person_in_four_systems() -> None:
    assert together(resolve(profiles(*ALBERT)).links) == {frozenset(row["profile_id"] for row in ALBERT)}


def test_a_household_stays_apart() -> None:
    assert together(resolve(profiles(*FAMILY)).links) == set()


def test_a_family_name_on_the_door_says_nobody_in_particular() -> None:
    nameless = person("web/c/1", family_name="Rossi", street="Via Roma 4", city="Torino")
    assert together(resolve(profiles(*FAMILY, nameless)).links) == set()


def test_who_shares_a_familys_mailbox_is_not_asked_about_for_its_name_and_town() -> None:
    home = {"family_name": "Mattolds", "city": "Abbottberg", "email": "mattolds@acornpost.example"}
    one, other = (person(f"crm/c/{name}", given_name=name, **home) for name in ("Karl", "Susan"))
    found = resolve(profiles(one, other))
    assert together(found.links) == set()
    assert not found.matches.num_rows, "relatives: nothing to ask"
    nameless = person("web/c/1", **{field: home[field] for field in ("city", "email")})
    assert together(resolve(profiles(one, other, nameless)).links) == set(), "of two, nobody knows which"
    again = person("web/c/2", given_name="Karl", **home)
    assert together(resolve(profiles(one, other, again)).links) == {frozenset({"crm/c/Karl", "web/c/2"})}


def test_a_slip_between_two_names_counts_as_one_where_the_birth_dates_agree() -> None:
    lisa = {"family_name": "Darey", "birth_date": "1964-08-03", "street": "44 Sims Street", "postcode": "UF4 3HN"}
    jane, jayne = person("a/c/1", given_name="Jane", **lisa), person("b/c/1", given_name="Jayne", **lisa)
    assert together(resolve(profiles(jane, jayne)).links) == {frozenset({"a/c/1", "b/c/1"})}
    other = person("b/c/1", given_name="Jayne", **lisa | {"birth_date": "1991-12-24"})
    assert together(resolve(profiles(jane, other)).links) == set()
    paul, paula = (person(f"{name}/c/1", given_name=name, **lisa) for name in ("Paul", "Paula"))
    assert together(resolve(profiles(paul, paula)).links) == set(), "twins, maybe"


def test_whoever_goes_by_the_middle_name_is_one() -> None:
    born = {"family_name": "Darey", "birth_date": "1964-08-03", "postcode": "UF4 3HN"}
    both = person("a/c/1", given_name="Peter", middle_name="Albert Hugo", **born)
    found = resolve(profiles(both, person("b/c/1", given_name="Hugo", **born))).links
    assert together(found) == {frozenset({"a/c/1", "b/c/1"})}


def test_father_and_son_of_one_name_stay_apart() -> None:
    home = {"street": "4 Elm Street", "city": "Leeds", "phone": "+44 113 496 0123"}
    rows = (person("a/u/1", full_name="Graham Dork Sr.", **home), person("b/u/1", full_name="Graham Dork, Jr", **home))
    found = resolve(profiles(*rows))
    assert together(found.links) == set()
    assert found.matches["refused"].to_pylist() == ["one is junior, one senior"]


def test_a_front_desk_joins_nobody() -> None:
    names = ("Ann Archer", "Ben Baker", "Cleo Carter", "Dan Dyer", "Eve Ellis")
    desk = {"email": "info@acme.example", "phone": "+44 20 7946 0123", "company": "Acme Ltd"}
    staff = [person(f"crm/c/{n}", full_name=name, **desk) for n, name in enumerate(names)]
    nameless = [person(f"form/f/{n}", email="info@acme.example") for n in range(3)]
    linked = together(resolve(profiles(*staff, *nameless)).links)
    assert not any(len(group & {row["profile_id"] for row in staff}) > 1 for group in linked)


def test_namesakes_in_two_towns_stay_apart() -> None:
    found = resolve(
        profiles(
            person(
                "a/u/1", full_name="John Smith", city="Leeds", email="john.smith@gmail.com", birth_date="1970-03-03"
            ),
            person(
                "b/u/1", full_name="John Smith", city="Austin", email="john.smith@yahoo.com", birth_date="1988-08-21"
            ),
        )
    )
    assert together(found.links) == set()


@pytest.mark.parametrize(("many", "customers"), [(LARGEST, 1), (LARGEST + 1, LARGEST + 2)])
def test_a_record_that_very_many_of_one_stream_name_ties_nobody(many: int, customers: int) -> None:
    lead = person("salesforce/Lead/1", full_name="Olga Ek")
    named = [
        person(f"hubspot/contacts/{n}", email=f"{n}.who@posteo.example", reference="salesforce/Lead/1")
        for n in range(many)
    ]
    other = person("x/users/1", handle="x:olgaek77", reference="salesforce/Lead/1")
    found = resolve(profiles(lead, *named, other))
    assert found.stats["identities"] == customers
    linked = dict(zip(found.links["profile_id"].to_pylist(), found.links["identity_id"].to_pylist(), strict=True))
    assert linked["x/users/1"] == linked["salesforce/Lead/1"], "another stream's one word stands"


def test_a_record_that_names_very_many_of_one_stream_ties_nobody() -> None:
    names = [f"salesforce/Lead/{n}" for n in range(LARGEST + 1)]
    leads = [person(name, email=f"{n}.who@posteo.example") for n, name in enumerate(names)]
    found = resolve(profiles(*leads, person("hubspot/contacts/1", email="who@posteo.example", reference=names)))
    assert together(found.links) == set()


def test_a_cross_reference_links_what_nothing_else_does() -> None:
    rows = (
        person("zendesk/users/9", full_name="Bo", reference="salesforce/Lead/00Q9"),
        person("salesforce/Lead/00Q9", full_name="Robert Ek"),
    )
    found = resolve(profiles(*rows))
    assert together(found.links) == {frozenset(("zendesk/users/9", "salesforce/Lead/00Q9"))}
    assert set(found.links["how"].to_pylist()) == {"reference"}
    apart = resolve(profiles(*rows), decisions=decided(("salesforce/Lead/00Q9", "zendesk/users/9", "different")))
    assert together(apart.links) == set()


def test_decisions_stand_and_are_not_asked_again() -> None:
    pair = ("hubspot/contacts/1", "zendesk/users/1")
    apart = resolve(profiles(*ALBERT), decisions=decided((*pair, "different")))
    assert not any(set(pair) <= group for group in together(apart.links))
    assert pair not in set(
        zip(apart.matches["left_id"].to_pylist(), apart.matches["right_id"].to_pylist(), strict=True)
    )
    joined = resolve(profiles(*FAMILY), decisions=decided(("crm/c/1", "crm/c/2", "same")))
    assert together(joined.links) == {frozenset(("crm/c/1", "crm/c/2"))}


def test_a_second_run_has_no_events_and_the_same_ids() -> None:
    rows = profiles(*ALBERT, *FAMILY)
    first = resolve(rows)
    second = resolve(rows, previous=previous(first))
    assert second.links.equals(first.links)
    assert second.events.num_rows == 0
    assert {event["kind"] for event in first.events.to_pylist()} == {"created"}


def test_a_decision_to_join_redirects_the_younger_id() -> None:
    rows = profiles(*FAMILY)
    first = resolve(rows)
    ids = dict(zip(first.links["profile_id"].to_pylist(), first.links["identity_id"].to_pylist(), strict=True))
    found = resolve(rows, previous=previous(first), decisions=decided(("crm/c/1", "crm/c/2", "same")))
    elder, younger = ids["crm/c/1"], ids["crm/c/2"]  # nobody tells their age: the smaller profile_id
    assert {tuple(event.values()) for event in found.events.to_pylist()} == {
        ("merged", elder, younger),
        ("redirected", younger, elder),
    }


def test_order_of_arrival_never_matters() -> None:
    rows = [*ALBERT, *FAMILY]
    first = resolve(profiles(*rows))
    random.Random(3).shuffle(rows)
    again = resolve(profiles(*rows))
    assert again.links.equals(first.links)
    assert again.matches.equals(first.matches)


def test_stats_count_everybody_once() -> None:
    found = resolve(profiles(*ALBERT, *FAMILY))
    assert found.stats["profiles"] == found.links.num_rows == 7
    assert found.stats["identities"] == len(set(found.links["identity_id"].to_pylist()))
    assert found.model_version.startswith("default-")


def test_nobody_and_one() -> None:
    assert resolve(profiles()).stats == {"profiles": 0, "identities": 0, "singles": 0, "review": 0, "largest": 0}
    assert resolve(profiles(ALBERT[0])).stats["singles"] == 1


def test_copies_of_a_name_alone_are_namesakes() -> None:
    namesakes = profiles(*(person(f"crm/users/{n:03}", full_name="Anna Lindqvist") for n in range(100)))
    assert together(resolve(namesakes).links) == set()


def test_slips_everywhere_are_compared_by_the_street() -> None:
    """Last name, town and postcode are not the same to the letter, and the one tells no birth date."""
    one = {"full_name": "Georgia Asher", "street": "38 Onslow Street", "city": "Prospect", "postcode": "5434"}
    other = {"full_name": "Georgia Ashe", "street": "38 Onslow Sreet", "city": "Prospdct", "postcode": "5453"}
    found = resolve(profiles(person("a/u/1", **one, birth_date="1980-10-09"), person("b/u/1", **other)))
    assert together(found.links) == {frozenset(("a/u/1", "b/u/1"))}
