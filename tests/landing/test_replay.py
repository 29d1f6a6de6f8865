"""What could not be landed is landed once its connector can read it: once, however often and by whomever."""

from __future__ import annotations

import base64
import threading
from dataclasses import replace

import orjson
import pytest
import sqlalchemy as sa

from connectors.base import Connector, Stream
from landbridge.landing.replay import land_again
from landbridge.store.engine import Store
from landbridge.trail import runs
from landbridge.trail.balance import Entry
from tests.landing.test_land import a_system, query

MENDED = replace(a_system([]), streams=(Stream("things", key="number"),))


@pytest.fixture
def held(store: Store) -> list[str]:
    """Two rows without the key that the connector looked for, and one that is no JSON."""
    raws = [orjson.dumps({"number": n, "name": "Ann"}) for n in (1, 2)] + [b"\xff\xfenothing;of,it"]
    with runs.running(store, "sync", actor="test") as run, store.begin() as connection:
        for place, raw in enumerate(raws):
            row = {"subject": f"things/things/{place}", "raw": base64.b64encode(raw).decode(), "run": run.run_id}
            connection.execute(sa.text(_HOLD), row)
    return [f"things/things/{place}" for place in range(3)]


_HOLD = """
INSERT INTO quarantine (stage, subject, expectation, reason, raw, run_id)
VALUES ('land', :subject, 'row_is_a_record', 'It has no key.', :raw, :run)
"""


def again(store: Store, connector: Connector) -> list[Entry]:
    with runs.running(store, "replay", actor="test") as run:
        land_again(run, connector, "things")
    return run.books.entries


def test_it_lands_what_can_be_landed_once(store: Store, held: list[str]) -> None:
    (first,) = again(store, MENDED)
    assert (first.taken, first.new, first.held) == (3, 2, 1)
    assert query(store, "SELECT subject FROM quarantine WHERE state = 'held'") == [(held[2],)]
    assert query(store, "SELECT key, version FROM record ORDER BY key") == [("1", 1), ("2", 1)]
    (second,) = again(store, MENDED)
    assert (second.taken, second.new, second.held) == (1, 0, 1)
    assert query(store, "SELECT count(*) FROM record") == [(2,)]


def test_before_the_mend_nothing_changes(store: Store, held: list[str]) -> None:
    (entry,) = again(store, a_system([]))
    assert (entry.taken, entry.held) == (3, 3)
    assert query(store, "SELECT count(*) FROM record") == [(0,)]


def test_two_at_once_land_it_once(store: Store, held: list[str]) -> None:
    both = [threading.Thread(target=again, args=(store, MENDED)) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert query(store, "SELECT key, count(*) FROM record GROUP BY key ORDER BY key") == [("1", 1), ("2", 1)]
    assert query(store, "SELECT count(*) FROM quarantine WHERE state = 'released'") == [(2,)]


def test_with_nothing_held_no_books_are_kept(store: Store) -> None:
    assert again(store, MENDED) == []
