"""A lead in doubt stays back whatever validation finds, and is let go by the answer alone."""

from __future__ import annotations

from sqlalchemy import text

from landbridge.quality.doubts import hold_doubtful
from landbridge.store import tables
from landbridge.trail import runs
from tests.leads.people import People
from tests.quality.conftest import Check
from tests.quality.test_validate import GOOD


def doubted(people: People, *, settled: bool = False) -> None:
    with runs.running(people.store, "publish", actor="test") as run:
        with people.store.begin() as connection:
            row = "('a', 'large', 'x/y/1', 'x/y/2', 30, :run)"
            columns = "(identity_id, kind, left_id, right_id, profiles, run_id)"
            statement = "DELETE FROM doubt" if settled else f"INSERT INTO doubt {columns} VALUES {row}"
            connection.execute(text(statement), {} if settled else {"run": run.run_id})
        hold_doubtful(run)


def test_a_lead_that_passes_every_check_stays_back_while_in_doubt(people: People, check: Check) -> None:
    people.person("a", zendesk=GOOD)
    people.leads()
    doubted(people)
    entry = check()
    assert (entry.taken, entry.held) == (1, 1)
    assert people.row(tables.lead, "a").valid is False
    doubted(people, settled=True)
    assert people.row(tables.lead, "a").valid is True
    assert check().unchanged == 1
