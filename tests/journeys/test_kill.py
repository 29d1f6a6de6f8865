"""Killed anywhere and run again, the line ends where an undisturbed one ends: no lead lost, none twice."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from tests import warm
from tests.journeys.conftest import Begin, Journey
from tests.journeys.test_line import sums

STAGES = (
    ("record", "INSERT", "true"),
    ("cursor", "INSERT", "true"),
    ("profile", "INSERT", "true"),
    ("touchpoint", "INSERT", "true"),
    ("map_cursor", "INSERT", "true"),
    ("signature", "INSERT", "true"),
    ("touchpoint", "UPDATE", "NEW.read_digest IS NOT NULL"),
    ("identity", "INSERT", "true"),
    ("link", "INSERT", "true"),
    ("match", "INSERT", "true"),
    ("golden", "INSERT", "true"),
    ("lead", "INSERT", "true"),
    ("lead", "UPDATE", "NEW.valid"),
    ("quarantine", "INSERT", "NEW.stage = 'validate'"),
    ("plan", "INSERT", "true"),
    ("change", "INSERT", "true"),
    ("plan", "UPDATE", "NEW.state = 'approved'"),
    ("change", "UPDATE", "NEW.state = 'sending'"),
    ("change", "UPDATE", "NEW.state = 'done'"),
    ("pushed", "INSERT", "true"),
)
"""Where a run writes, in the order of the line. Each is a place to die at, in the middle of its transaction."""

pytestmark = pytest.mark.slow


def execute(journey: Journey, *statements: str) -> None:
    store = journey.store
    with store.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))
    store.close()


def hold(journey: Journey, table: str, verb: str, when: str) -> None:
    """Let whoever writes such a row to the table sleep there, inside the transaction."""
    execute(
        journey,
        """CREATE OR REPLACE FUNCTION hold_here() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN PERFORM pg_sleep(120); RETURN NULL; END $$""",
        f"""CREATE TRIGGER hold_here AFTER {verb} ON {table} FOR EACH ROW WHEN ({when})
            EXECUTE FUNCTION hold_here()""",
    )


def release(journey: Journey, table: str) -> None:
    """Take the hold away, and see the dead process's connections off, as the server does by itself in time."""
    execute(
        journey,
        """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = current_database() AND pid <> pg_backend_pid()""",
    )
    execute(journey, f"DROP TRIGGER hold_here ON {table}")


def wait_until(reached: Any, run: warm.Running, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        if run.over or time.monotonic() > deadline:
            run.kill()
            pytest.fail(f"the run ended before the place to die at was reached: {run.ended(0)}")
        time.sleep(0.05)


def killed_at(journey: Journey, table: str, verb: str, when: str) -> None:
    """Run until the write is under way, then kill the process as the kernel would when memory runs out."""
    hold(journey, table, verb, when)
    run = journey.under_way("run", "--json")
    asleep = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
    wait_until(lambda: journey.rows(asleep) != [(0,)], run)
    run.kill()
    release(journey, table)


@pytest.mark.timeout(600)  # a run a stage
def test_killed_at_every_stage_one_after_the_other(begin: Begin, undisturbed: Any) -> None:
    with begin() as journey:
        for stage in STAGES:
            killed_at(journey, *stage)
        journey.run()
        assert journey.crm() == undisturbed
        assert journey.run()["run_id"]
        assert "intact" in journey.landbridge("audit", "verify")
        assert journey.rows("SELECT count(*) FROM run WHERE state = 'lost'") == [(len(STAGES),)]


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_between_the_crm_and_our_note_of_it(begin: Begin, undisturbed: Any, when: str) -> None:
    with begin() as journey:
        journey.control("hold", system="salesforce", method="PATCH", path_contains="composite", when=when, count=1)
        run = journey.under_way("run", "--json")
        held = f"{journey.world['control']}/held"
        wait_until(lambda: bool(httpx.get(held).json()), run)
        run.kill()
        journey.control("release")
        assert journey.rows("SELECT count(*) > 0 FROM change WHERE state = 'sending'") == [(True,)]
        told = journey.run()
        assert journey.crm() == undisturbed
        assert sums(told, "map")["changed"] == 0, "what we wrote is no news, also when we hear of it late"
        writes = journey.crm_writes()
        journey.run()
        assert journey.crm_writes() == writes
