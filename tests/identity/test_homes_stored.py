"""The laws of `test_homes` on the statements themselves: PostgreSQL holds after any history what the model says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from adbc_driver_postgresql.dbapi import Connection
from hypothesis import example, given, settings
from hypothesis import strategies as st

from landbridge.identity import naming, storing, touched
from landbridge.identity.homes import Age, Former, Previous
from landbridge.identity.ids import UNKNOWN, Assignment
from landbridge.identity.resolve import LINKS, Resolution
from landbridge.store import bulk
from landbridge.store.engine import Store
from tests.conftest import fresh_database
from tests.identity.world import CLUSTERS, CREATED, MERGES, PROFILES, SOME, World, comes_back, leads_to_the_living


@dataclass(frozen=True)
class Memory:
    """A database with PROFILES in it, and runs to write by. Each `keep` is a transaction: the clock goes on."""

    connection: Connection

    def keep(self, found: Assignment, run_id: str) -> None:
        with self.connection.cursor() as cursor:
            storing.identities(cursor, run_id, resolution(found))
        self.connection.commit()

    def emptied(self) -> Memory:
        with self.connection.cursor() as cursor:
            for table in ("link", "bearer", "identity_event", "identity"):
                cursor.execute(f"DELETE FROM {table}")
        self.connection.commit()
        return self

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        table = bulk.get(self.connection, query)
        return list(zip(*(column.to_pylist() for column in table.columns), strict=True))

    def previous(self) -> dict[str, Previous]:
        rows = bulk.get(self.connection, "SELECT profile_id, i.* FROM link JOIN identity i USING (identity_id)")
        founded = rows["founded"].cast(pa.int64()).to_pylist()
        ages = [
            Age(UNKNOWN if at is None else at, founder)
            for at, founder in zip(founded, rows["founder"].to_pylist(), strict=True)
        ]
        ids = map(Previous, rows["identity_id"].to_pylist(), ages)
        return dict(zip(rows["profile_id"].to_pylist(), ids, strict=True))

    def former(self) -> dict[str, Former]:
        rows = bulk.get(self.connection, touched.FORMER.format(whose="true"))
        return naming._former(rows, rows["living"])


def resolution(found: Assignment) -> Resolution:
    many, born = len(found.of), found.born.items()
    columns = [list(found.of), list(found.of.values()), [None] * many, ["evidence"] * many]
    links = pa.Table.from_arrays([pa.array(*c) for c in zip(columns, LINKS.types, strict=True)], schema=LINKS)
    ages = [
        {"identity_id": new, "founder": age.founder, "founded": None if age.founded == UNKNOWN else age.founded}
        for new, age in born
    ]
    events = pa.Table.from_pylist([event._asdict() for event in found.events], schema=naming.EVENTS)
    ids = pa.Table.from_pylist(ages, schema=naming.BORN)
    return Resolution(links, pa.table({}), events, ids, {}, "model")


class Stored(World):
    """A world that asks the database for what was, and finds there whatever it keeps."""

    def __init__(self, created: dict[str, int], memory: Memory) -> None:
        super().__init__(created)
        self.memory = memory.emptied()

    def previous(self) -> dict[str, Previous]:
        return self.memory.previous()

    def former(self) -> dict[str, Former]:
        found, model = self.memory.former(), super().former()
        assert {old: one._replace(since=0) for old, one in found.items()} == {
            old: one._replace(since=0) for old, one in model.items()
        }
        assert in_turn(found) == in_turn(model)
        return found

    def keep(self, found: Assignment) -> dict[str, str]:
        before = set(self.links.items())
        links = super().keep(found)
        self.memory.keep(found, f"run {self.runs}")
        rows = self.memory.rows
        assert dict(rows("SELECT profile_id, identity_id FROM link")) == links
        assert dict(rows("SELECT identity_id, redirect_to FROM identity WHERE redirect_to <> ''")) == self.redirects
        bore = {(old, profile) for old, profiles in self.bearers.items() for profile in profiles}
        assert set(rows("SELECT identity_id, profile_id FROM bearer")) == bore
        told = rows(f"SELECT profile_id FROM link WHERE run_id = 'run {self.runs}' AND at = (SELECT max(at) FROM link)")
        assert {(profile,) for profile, _ in links.items() - before} <= set(told), "who was moved, by which run"
        return links


def in_turn(former: dict[str, Former]) -> dict[str, int]:
    """Which were merged away before which."""
    times = sorted({one.since for one in former.values()})
    return {old: times.index(one.since) for old, one in former.items()}


@pytest.fixture(scope="module")
def memory(server: str, template: str) -> Iterator[Memory]:
    with fresh_database(server, template) as uri:
        store = Store(uri)
        with store.bulk() as connection:
            with connection.cursor() as cursor:
                bulk.put(cursor, "person", pa.table({"profile_id": PROFILES}))
                cursor.execute(_PROFILES)
                cursor.execute(
                    "INSERT INTO run (run_id, flow) SELECT 'run ' || n, 'resolve' FROM generate_series(1, 6) n"
                )
            connection.commit()
            yield Memory(connection)
        store.close()


_PROFILES = """
INSERT INTO profile (profile_id, account, stream, key, record_id, mapping, digest, run_id)
SELECT profile_id, 'zendesk', 'users', profile_id, 1, 'm', 'd', 'r' FROM person
"""


@settings(max_examples=40)
@given(st.lists(CLUSTERS, max_size=2), CLUSTERS, CREATED, MERGES)
def test_merged_and_parted_again_the_database_has_what_it_had(
    memory: Memory,
    history: list[dict[str, str]],
    clusters: dict[str, str],
    created: dict[str, int],
    merges: list[dict[str, str]],
) -> None:
    comes_back(Stored(created, memory), history, clusters, merges)


BORE_TWO = [
    {"p0": "k", "p1": "l", "p2": "m", "p3": "m"},
    {"p1": "k", "p2": "k"},
    {"p0": "k", "p1": "k"},
    {"p0": "k", "p1": "l", "p2": "k"},
]
"""p3 is gone from the second run on. It bore the id of p2 and then that of p1: when these part it goes with p2."""

STAYS = [
    {"p0": "k", "p1": "l", "p2": "l", "p3": "l", "p4": "m"},
    {"p0": "k", "p1": "k", "p2": "k", "p3": "k", "p4": "m"},
    {"p0": "k", "p1": "m", "p2": "m", "p3": "k", "p4": "m"},
]
"""p3 stays where it was and the id that it bore leaves for a third: it bears that id no more."""


@settings(max_examples=60)
@example(BORE_TWO, {}, Random(1))
@example(STAYS, {}, Random(1))
@given(st.lists(SOME, min_size=2, max_size=6), CREATED, st.randoms(use_true_random=False))
def test_every_id_in_the_database_means_one_who_lives(
    memory: Memory, history: list[dict[str, str]], created: dict[str, int], random: Any
) -> None:
    leads_to_the_living(Stored(created, memory), history, random)
