"""Mapping in the store: every newest version once, again when the mapping changes, and nothing besides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.base import Access, Checkpoint, Connector, Page, Stream
from landbridge.landing.land import land
from landbridge.mapping.load import Mapping
from landbridge.mapping.stage import map_records
from landbridge.store.engine import Store
from landbridge.trail.balance import Entry
from landbridge.trail.runs import running

WORDS = """
person: {full_name: name, birth_date: born}
touchpoints: [{kind: call, at: called}]
"""
OTHER_WORDS = WORDS.replace("full_name", "given_name")
ANNA = {"id": "anna", "name": "Anna", "called": "2026-01-01T00:00:00Z"}
BERT = {"id": "bert", "name": "Bert"}


def taken_in(store: Store, mapping: Mapping, *rows: Any) -> Entry:
    """Land these rows, as if the system gave them all, and map; the books of mapping."""

    def read(access: Access, stream: str, checkpoint: Checkpoint | None) -> Iterator[Page]:
        yield Page(stream, rows, {})

    with running(store, "sync", actor="tester") as run:
        land(run, Connector("acme", (Stream("people"),), (), read, lambda access: "ok"), Access("acme", ""))
        map_records(run, mapping, "acme", ["people"])
    return run.books.entries[-1]


def rows(store: Store, query: str) -> list[tuple[Any, ...]]:
    with store.begin() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]


def contents(store: Store) -> list[list[tuple[Any, ...]]]:
    """What mapping has made, but for the runs that made it."""
    shown = [rows(store, f"SELECT to_jsonb(t) - 'run_id' FROM {name} t") for name in ("profile", "touchpoint")]
    return [sorted(each, key=str) for each in shown]


def test_twice_is_once(store: Store, mapping_of: Callable[[str], Mapping]) -> None:
    mapping = mapping_of(WORDS)
    first = taken_in(store, mapping, ANNA, BERT)
    made = contents(store)
    again = taken_in(store, mapping, ANNA, BERT)
    assert (first.taken, first.new, again.taken) == (2, 2, 0)
    assert contents(store) == made
    assert [len(each) for each in made] == [2, 1]


def test_a_mapping_that_changes_and_changes_back_leaves_no_trace(
    store: Store, mapping_of: Callable[[str], Mapping]
) -> None:
    taken_in(store, mapping_of(WORDS), ANNA, BERT)
    made = contents(store)
    changed = taken_in(store, mapping_of(OTHER_WORDS), ANNA, BERT)
    assert (changed.taken, changed.changed) == (2, 2)
    assert contents(store) != made
    taken_in(store, mapping_of(WORDS), ANNA, BERT)
    assert contents(store) == made


def test_when_somebody_was_created_is_part_of_him(store: Store, mapping_of: Callable[[str], Mapping]) -> None:
    """The elder's id survives a merge: who turns out to be older is compared again."""
    mapping = mapping_of(WORDS + "created_at: since\n")
    taken_in(store, mapping, {**ANNA, "since": "2024-01-01T00:00:00Z"})
    [(before,)] = rows(store, "SELECT digest FROM profile")
    taken_in(store, mapping, {**ANNA, "since": "2020-01-01T00:00:00Z"})
    [(after, created)] = rows(store, "SELECT digest, created_at::date::text FROM profile")
    assert created == "2020-01-01"
    assert after != before


def test_what_a_newer_version_no_longer_tells_is_gone_and_comes_back(
    store: Store, mapping_of: Callable[[str], Mapping]
) -> None:
    mapping = mapping_of(WORDS)
    taken_in(store, mapping, ANNA)
    digest = rows(store, "SELECT digest FROM profile")
    entry = taken_in(store, mapping, {"id": "anna"})
    assert (entry.taken, entry.held) == (1, 1)
    assert rows(store, "SELECT gone, full_name, (SELECT count(*) FROM touchpoint) FROM profile") == [(True, "Anna", 0)]
    taken_in(store, mapping, ANNA)
    assert rows(store, "SELECT gone FROM profile") == [(False,)]
    assert rows(store, "SELECT digest FROM profile") == digest
    assert rows(store, "SELECT state, settled_by FROM quarantine") == [("released", None)]


def test_what_a_person_dropped_stays_on_the_page(store: Store, mapping_of: Callable[[str], Mapping]) -> None:
    """Notes of unusable values are made anew with each mapping; a person's word is not."""
    everybody = ({"id": "nobody"}, {**ANNA, "born": "when the cows came home"})
    taken_in(store, mapping_of(WORDS), *everybody)
    with store.begin() as connection:
        connection.execute(sa.text("UPDATE quarantine SET state = 'dropped', settled_by = 'bo' WHERE state = 'held'"))
    for words in (OTHER_WORDS, WORDS):
        taken_in(store, mapping_of(words), *everybody)
    dropped = rows(store, "SELECT expectation, settled_by FROM quarantine WHERE state = 'dropped'")
    assert sorted(dropped, key=str) == [("record_maps", "bo"), ("value_is_usable", None)]


@pytest.mark.parametrize("table", ["profile", "touchpoint", "quarantine", "map_cursor"])
def test_a_batch_that_fails_half_way_leaves_nothing_and_comes_again(
    store: Store, mapping_of: Callable[[str], Mapping], table: str
) -> None:
    mapping = mapping_of(WORDS)
    with store.begin() as connection:
        connection.execute(
            sa.text("""CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION 'disk full'; END $$""")
        )
        connection.execute(
            sa.text(f"CREATE TRIGGER fail AFTER INSERT ON {table} FOR EACH STATEMENT EXECUTE FUNCTION fail()")
        )
    everybody = (ANNA, BERT, {"id": "nobody"})
    with pytest.raises(Exception, match="disk full"):
        taken_in(store, mapping, *everybody)
    left = " + ".join(
        f"(SELECT count(*) FROM {name})" for name in ("profile", "touchpoint", "quarantine", "map_cursor")
    )
    assert rows(store, f"SELECT {left}") == [(0,)]
    with store.begin() as connection:
        connection.execute(sa.text(f"DROP TRIGGER fail ON {table}"))
    entry = taken_in(store, mapping, *everybody)
    assert (entry.taken, entry.new, entry.held) == (3, 2, 1)


def test_a_refusal_outlives_the_deletion_of_its_record(store: Store, mapping_of: Callable[[str], Mapping]) -> None:
    mapping = mapping_of(
        """
person: {full_name: name, consent: [{channel: email, refused_when: {field: optout, is: true}}]}
deleted: {field: deleted, is: true}
"""
    )
    taken_in(store, mapping, {"id": "anna", "name": "Anna", "optout": True})
    taken_in(store, mapping, {"id": "anna", "deleted": True})
    [(gone, consent)] = rows(store, "SELECT gone, consent FROM profile")
    assert gone
    assert [one[: len("email:refused")] for one in consent] == ["email:refused"]
