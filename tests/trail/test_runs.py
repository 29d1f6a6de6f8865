"""Runs end with a word, however they ended, and their books close."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from landbridge.errors import BooksUnbalanced, NotFound
from landbridge.store.engine import Store
from landbridge.trail import audit, runs
from landbridge.trail.runs import running


def test_a_run_keeps_its_books(store: Store) -> None:
    with running(store, "line", actor="tester") as run, run.books.stage("land", "zendesk") as entry:
        entry.taken, entry.new, entry.held = 3, 2, 1
    row, entries = runs.one(store, run.run_id)
    assert row["state"] == "done"
    assert [(e.stage, e.subject, e.taken, e.new, e.held) for e in entries] == [("land", "zendesk", 3, 2, 1)]
    assert audit.verify(store).events == 2


def test_books_that_do_not_close_fail_the_run(store: Store) -> None:
    with (
        pytest.raises(BooksUnbalanced, match="3 in"),
        running(store, "line", actor="tester") as run,
        run.books.stage("land", "zendesk") as entry,
    ):
        entry.taken, entry.new = 3, 2
    assert runs.newest(store, 1)[0]["state"] == "failed"


def test_a_foreign_error_text_is_not_kept(store: Store) -> None:
    with pytest.raises(ValueError), running(store, "line", actor="tester"):
        raise ValueError("anna@example.org broke it")
    assert runs.newest(store, 1)[0]["error"] == "ValueError"


def test_only_a_run_whose_process_is_gone_is_called_lost(store: Store) -> None:
    with running(store, "line", actor="tester") as alive:
        with store.begin() as connection:
            connection.execute(sa.text("INSERT INTO run (run_id, flow) VALUES ('dead', 'line')"))
        assert runs.call_lost(store, actor="tester") == 1
        states = {row["run_id"]: row["state"] for row in runs.newest(store, 5)}
        assert states == {"dead": "lost", alive.run_id: "running"}


def test_a_run_that_ends_while_we_look_is_not_called_lost(store: Store) -> None:
    with store.begin() as connection:
        connection.execute(sa.text("INSERT INTO run (run_id, flow) VALUES ('ending', 'line')"))
    looking = threading.Thread(target=runs.call_lost, args=(store,), kwargs={"actor": "tester"})
    with store.begin() as ending:
        ending.execute(sa.text("UPDATE run SET state = 'done' WHERE run_id = 'ending'"))
        looking.start()
        waiting = sa.text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                          "AND wait_event_type = 'Lock'")  # fmt: skip
        while looking.is_alive():
            with store.begin() as connection:
                if connection.scalar(waiting):
                    break
    looking.join()
    assert [row["state"] for row in runs.newest(store, 5)] == ["done"]
    assert audit.verify(store).events == 0


def test_an_unknown_run_is_told_so(store: Store) -> None:
    with pytest.raises(NotFound, match="No run begins with 'nope'"):
        runs.one(store, "nope")
