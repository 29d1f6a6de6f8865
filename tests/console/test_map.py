"""The map tells what is broken, late or thinning, and leads to the cause."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from landbridge.bootstrap import Hub
from landbridge.console.read import flows
from landbridge.push.gate import NOTHING_SENT
from tests.console.conftest import SignIn, shown

_RUN = sa.text("""
INSERT INTO run (run_id, flow, subject, state, error, started_at, ended_at)
VALUES (:id, :flow, :subject, :state, :error, now() - CAST(:ago AS interval), now() - CAST(:ago AS interval))
""")
_BOOK = sa.text("INSERT INTO balance (run_id, stage, subject, taken, new) VALUES (:id, 'land', :subject, :n, :n)")

Ran = Callable[..., None]


@pytest.fixture
def ran(hub: Hub) -> Ran:
    """A run that was: `ran("x", "5 minutes", 40)`."""

    def note(account: str, ago: str, records: int = 1, *, state: str = "done", error: str | None = None) -> None:
        given = {"id": f"{account}-{ago}-{state}", "flow": "sync", "subject": account, "state": state}
        with hub.store.begin() as connection:
            connection.execute(_RUN, {**given, "error": error, "ago": ago})
            connection.execute(_BOOK, {"id": given["id"], "subject": account, "n": records})

    return note


def fare(hub: Hub, name: str) -> Any:
    return flows.accounts(hub.store, [name])[name]


def test_a_flow_that_runs_as_usual_is_fresh(hub: Hub, ran: Ran) -> None:
    for minutes in (1, 6, 11, 16, 21):
        ran("x", f"{minutes} minutes", 7)
    told = fare(hub, "x")
    assert (told.state, told.today, told.hours[-1]) == ("fresh", 35, 35)


def test_a_flow_that_misses_three_beats_is_late(hub: Hub, ran: Ran) -> None:
    for minutes in (16, 21, 26, 31):
        ran("x", f"{minutes} minutes")
    told = fare(hub, "x")
    assert told.state == "late"
    assert told.said == "runs every 5 minutes, and has not for 16 minutes"


def test_what_ran_by_hand_a_few_times_is_never_late(hub: Hub, ran: Ran) -> None:
    for hours in (20, 21, 22):
        ran("x", f"{hours} hours")
    assert fare(hub, "x").state == "fresh"


def test_a_flow_that_brings_a_fraction_of_its_usual_day_thins(hub: Hub, ran: Ran) -> None:
    for day in range(1, 6):
        ran("x", f"{day} days 2 hours", 100)
    ran("x", "10 minutes", 3)
    told = fare(hub, "x")
    assert (told.state, told.said) == ("thinning", "3 records in a day; 100 are usual")


def test_a_failed_run_breaks_its_flow_until_one_goes_through(hub: Hub, ran: Ran) -> None:
    ran("zendesk", "10 minutes", error="zendesk does not answer.", state="failed")
    assert fare(hub, "zendesk").state == "broken"
    ran("zendesk", "1 minute")
    assert fare(hub, "zendesk").state == "fresh"


def test_a_line_that_could_not_take_one_system_in_breaks_that_one(hub: Hub) -> None:
    line = {"id": "line", "flow": "line", "subject": "", "state": "failed", "error": "zendesk: 503.", "ago": "1 minute"}
    with hub.store.begin() as connection:
        connection.execute(_RUN, line)
        connection.execute(_BOOK, {"id": "line", "subject": "x", "n": 5})
    assert fare(hub, "zendesk").state == "broken"
    assert fare(hub, "x").state == "fresh"


def test_a_plan_that_waits_for_approval_breaks_nothing(hub: Hub, sign_in: SignIn) -> None:
    error = f"{NOTHING_SENT}: salesforce leads to org 00D, which we never wrote to."
    line = {"id": "line", "flow": "line", "subject": "", "state": "failed", "error": error, "ago": "1 minute"}
    with hub.store.begin() as connection:
        connection.execute(_RUN, line)
        connection.execute(_BOOK, {"id": "line", "subject": "salesforce", "n": 5})
    assert fare(hub, "salesforce").state == "fresh"
    assert flows.publishing(hub.store).state == "waiting"
    page = sign_in("viewer").get("/").text
    assert "a plan waits for approval" in shown(page)
    assert '<a class="flow waiting" href="/plan"' in page


def test_the_page_leads_to_the_cause(hub: Hub, sign_in: SignIn, ran: Ran) -> None:
    ran("zendesk", "2 minutes", state="failed", error="zendesk <b>refused</b> the token.")
    page = sign_in("viewer").get("/")
    assert page.status_code == 200
    assert 'href="/runs/zendesk-2 minutes-failed"' in page.text
    assert "zendesk &lt;b&gt;refused&lt;/b&gt; the token." in page.text
    assert "everything runs as usual" not in shown(page.text)


def test_a_halt_stands_on_the_map(hub: Hub, sign_in: SignIn) -> None:
    with hub.store.begin() as connection:
        connection.execute(sa.text("INSERT INTO halt (account, actor) VALUES ('salesforce', 'Ann')"))
    assert "all writing halted by Ann" in shown(sign_in("viewer").get("/").text)


def test_an_empty_hub_shows_where_everything_will_be(sign_in: SignIn) -> None:
    told = shown(sign_in("viewer").get("/").text)
    for name in ("x", "zendesk", "hubspot", "salesforce", "has not run yet"):
        assert name in told
