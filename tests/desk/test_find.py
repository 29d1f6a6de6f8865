"""Customers are found by what is known of them, and by what is almost that; and only as long as they are customers."""

from __future__ import annotations

import string
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from landbridge.desk.find import find
from landbridge.desk.index import keep_index
from landbridge.desk.words import a_slip_apart, words
from landbridge.errors import StoreUnavailable
from landbridge.store import tables
from landbridge.store.engine import Store
from landbridge.trail import runs
from landbridge.trail.balance import Entry
from tests.conftest import fresh_database
from tests.desk.conftest import rows
from tests.leads.people import People

PEOPLE: dict[str, dict[str, Any]] = {
    "john": {"full_name": "John Smith", "email": ["john.smith@gmail.com"], "phone": ["+44 20 7946 0018"]},
    "jose": {"full_name": "José Müller-Łukasz", "email": ["jm@brightwell.example"], "company": "Øresund A/S"},
    "ivan": {"full_name": "Иван Петров", "handle": ["x:ivan_p82"]},
    "wang": {"full_name": "王小明"},
    "mary": {"full_name": "Mary O'Brien", "phone": ["0049 30 901820"]},
}


@pytest.fixture(scope="module")
def known(server: str, template: str) -> Iterator[Store]:
    """The customers, for tests that only look."""
    with fresh_database(server, template) as uri:
        store = Store(uri)
        made(store)
        yield store
        store.close()


@pytest.fixture
def customers(store: Store) -> People:
    return made(store)


def made(store: Store) -> People:
    """Five customers, indexed."""
    people = People(store)
    for name, said in PEOPLE.items():
        people.person(name, crm=said)
    people.golden()
    indexed(store)
    return people


def indexed(store: Store) -> Entry:
    with runs.running(store, "publish", actor="test") as run:
        keep_index(run)
    return run.books.entries[-1]


def ids(store: Store, text: str) -> list[str]:
    return [found.identity_id for found in find(store, text)]


@pytest.mark.parametrize(
    ("typed", "who"),
    [
        ("john", "john"),
        ("SMITH john", "john"),
        ("jo smi", "john"),
        ("jon smth", "john"),
        ("jhon", "john"),
        ("(Smith, John)", "john"),
        ("john.smith@gm", "john"),
        ("@gmail", "john"),
        ("+44 20 7946 0018", "john"),
        ("020 7946 0018", "john"),
        ("79460018", "john"),
        ("jose muller", "jose"),
        ("JOSÉ", "jose"),
        ("lukasz", "jose"),
        ("oresund", "jose"),
        ("brightwell", "jose"),
        ("Иван", "ivan"),
        ("petrov", "ivan"),
        ("ivan_p82", "ivan"),
        ("x:ivan_p82", "ivan"),
        ("王小明", "wang"),
        ("o'brien", "mary"),
        ("o'brie", "mary"),
        ("john s", "john"),
        ("smith j", "john"),
        ("obrian mary", None),
        ("crm/people/mary", "mary"),
        ("030 901820", "mary"),
        ("mary", "mary"),
    ],
)
def test_what_is_typed_finds_whom_it_means(known: Store, typed: str, who: str | None) -> None:
    assert ids(known, typed)[:1] == ([who] if who else [])


@pytest.mark.parametrize("typed", ["", "  ", "@", "'", "\\", "'':*", "& | ! <->", "\x00", "%_", "x" * 10_000, "((("])
def test_whatever_is_typed_is_text(known: Store, typed: str) -> None:
    assert ids(known, typed) == []


def test_what_is_exact_comes_before_what_is_near(store: Store, customers: People) -> None:
    customers.person("jon", crm={"full_name": "Jon Smith"})
    customers.golden()
    indexed(store)
    assert [(f.identity_id, f.how) for f in find(store, "jon smith")] == [("jon", "exact"), ("john", "near")]


def test_a_search_that_takes_too_long_is_told(known: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("landbridge.desk.find._NAMED", sa.text("SELECT pg_sleep(5) WHERE :text <> ''"))
    monkeypatch.setattr("landbridge.desk.find.LONGEST_WAIT", "50ms")
    with pytest.raises(StoreUnavailable, match="took too long") as told:
        find(known, "john")
    assert told.value.do


def test_the_books_close_and_a_second_run_writes_nothing(store: Store, customers: People) -> None:
    before = customers.contents(tables.search_customer, tables.search_word)
    entry = indexed(store)
    assert (entry.taken, entry.new, entry.changed, entry.unchanged) == (5, 0, 0, 5)
    assert customers.contents(tables.search_customer, tables.search_word) == before


def test_a_merge_leads_from_the_old_id_and_an_erased_customer_is_found_no_more(store: Store, customers: People) -> None:
    customers.merge("john", "mary")
    rows(store, "DELETE FROM link WHERE identity_id = 'ivan' RETURNING 1")
    customers.golden()
    indexed(store)
    assert ids(store, "mary") == ["john"]
    assert ids(store, "o'brien") == ["john"]
    assert ids(store, "petrov") == ids(store, "Иван") == []
    assert rows(store, "SELECT count(*) FROM search_word WHERE word IN ('petrov', 'ivan')") == [(0,)]


def counted(store: Store) -> list[tuple[Any, ...]]:
    return rows(
        store,
        """SELECT word, count(*) FROM search_customer, unnest(tsvector_to_array(words)) word
        WHERE word LIKE '@%' OR length(word) BETWEEN 2 AND 24 AND word !~ '[-0-9<#:@._/+\\\\]'
        GROUP BY 1 ORDER BY word COLLATE "C" """,
    )


def test_counts_of_words_follow_every_change(store: Store, customers: People) -> None:
    assert rows(store, "SELECT word, customers FROM search_word ORDER BY word") == counted(store)
    customers.person("john", crm={"full_name": "John Miller"})
    customers.person("mary", crm={"full_name": "Mary Smith"})
    customers.golden()
    indexed(store)
    assert rows(store, "SELECT word, customers FROM search_word ORDER BY word") == counted(store)
    assert ids(store, "smith") == ["mary"]


NAMES = st.text(string.ascii_lowercase, min_size=4, max_size=12)


@st.composite
def slips(draw: st.DrawFn) -> tuple[str, str]:
    name = draw(NAMES)
    place = draw(st.integers(0, len(name) - 1))
    letter = draw(st.sampled_from(string.ascii_lowercase))
    slipped = draw(
        st.sampled_from(
            [
                name[:place] + name[place + 1 :],
                name[:place] + letter + name[place:],
                name[:place] + letter + name[place + 1 :],
                name[:place] + name[place : place + 2][::-1] + name[place + 2 :],
            ]
        )
    )
    return name, slipped


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(slips(), min_size=8, max_size=12))
def test_whoever_was_indexed_is_found_under_one_slip(store: Store, told: list[tuple[str, str]]) -> None:
    people = People(store)
    with store.begin() as connection:
        for table in ("search_customer", "search_word", "golden", "link", "profile"):
            connection.execute(sa.text(f"DELETE FROM {table}"))
    for number, (name, _) in enumerate(told):
        people.person(f"p{number}", crm={"full_name": name})
    people.golden()
    indexed(store)
    for number, (_, slipped) in enumerate(told):
        assert f"p{number}" in [found.identity_id for found in find(store, slipped, 50)]


@given(slips())
def test_a_slip_is_a_slip(told: tuple[str, str]) -> None:
    assert a_slip_apart(*told)
    assert a_slip_apart(*told[::-1])


@given(st.text(max_size=300))
def test_words_are_clean_bounded_and_stay_when_read_again(text: str) -> None:
    found = words(text)
    assert len(set(found)) == len(found)
    for word in found:
        assert 0 < len(word) <= 64
        assert not set(word) & set(" \t\n'\\:&|!()*<>@")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("smith", ["john"]),
        ("O'Brien", ["mary"]),
        ("smi", []),
        ("smiht", []),
        ("john.smith@gmail.com", []),
        ("@gmail.com", []),
        ("john@", []),
        ("+44 20 7946 0018", []),
        ("442079460018", []),
        ("0018 smith", ["john"]),
    ],
)
def test_without_the_right_to_see_them_addresses_and_numbers_find_nobody(
    known: Store, typed: str, found: list[str]
) -> None:
    assert [each.identity_id for each in find(known, typed, personal=False)] == found


def test_the_beginning_of_an_id_that_all_share_is_not_looked_for(store: Store) -> None:
    people = People(store)
    people.person("customer-of-old", crm={"full_name": "Ann Lee"})
    people.golden()
    indexed(store)
    assert ids(store, "customer-of") == ["customer-of-old"]
    assert ids(store, "cus-t") == []
    assert ids(store, "+4917") == []
