"""The whole line as a user runs it: four systems in, leads out, and again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.journeys.conftest import Begin, Journey

pytestmark = pytest.mark.slow

ORPHANS = {
    "a head without its record": """SELECT count(*) FROM record_head h LEFT JOIN record r USING (record_id)
        WHERE r.record_id IS NULL""",
    "a head that is not the newest": """SELECT count(*) FROM record_head h JOIN record r USING (account, stream, key)
        WHERE r.record_id > h.record_id""",
    "a record without its run": "SELECT count(*) FROM record LEFT JOIN run USING (run_id) WHERE run.run_id IS NULL",
    "a profile without its record": """SELECT count(*) FROM profile LEFT JOIN record r USING (record_id)
        WHERE r.record_id IS NULL""",
    "a touchpoint without its record": """SELECT count(*) FROM touchpoint LEFT JOIN record r USING (record_id)
        WHERE r.record_id IS NULL""",
    "a signature without its touchpoint": "SELECT count(*) FROM signature WHERE touchpoint_id IS NULL",
    "a signature of nobody": """SELECT count(*) FROM signature LEFT JOIN profile USING (profile_id)
        WHERE profile.profile_id IS NULL""",
    "a profile without an identity": """SELECT count(*) FROM profile LEFT JOIN link USING (profile_id)
        WHERE link.profile_id IS NULL AND NOT gone""",
    "a customer without a golden record": """SELECT count(DISTINCT identity_id) FROM link
        JOIN profile USING (profile_id) LEFT JOIN golden USING (identity_id)
        WHERE golden.identity_id IS NULL AND NOT gone""",
    "a change left open": "SELECT count(*) FROM change WHERE state NOT IN ('done', 'superseded')",
    "a write that we remember, of nobody": """SELECT count(*) FROM pushed LEFT JOIN identity USING (identity_id)
        WHERE identity.identity_id IS NULL""",
    "a write that we remember, by no change or run": """SELECT count(*) FROM pushed LEFT JOIN change USING (change_id)
        LEFT JOIN run ON run.run_id = pushed.run_id WHERE change.change_id IS NULL OR run.run_id IS NULL""",
    "a change sent by no run": """SELECT count(*) FROM change LEFT JOIN run ON run.run_id = change.sent_run_id
        WHERE sent_run_id IS NOT NULL AND run.run_id IS NULL""",
    "a lead in the CRM that validation held": """SELECT count(*) FROM pushed JOIN lead USING (identity_id)
        WHERE NOT lead.valid""",
}


def counts(journey: Journey) -> dict[str, int]:
    """How many rows every table has, but for runs and their books, which every run adds to."""
    tables = [name for (name,) in journey.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    quiet = sorted(set(tables) - {"run", "balance", "audit_event"})
    return {name: journey.rows(f"SELECT count(*) FROM {name}")[0][0] for name in quiet}


def sums(told: dict[str, Any], stage: str) -> dict[str, int]:
    names = ("taken", "new", "changed", "unchanged", "held", "refused")
    lines = [line for line in told["balance"] if line["stage"] == stage]
    return {name: sum(line[name] for line in lines) for name in names}


def test_the_line_runs_and_then_has_nothing_to_do(begin: Begin) -> None:
    with begin() as journey:
        first = journey.run()
        assert all(line["closes"] for line in first["balance"])
        assert sums(first, "land")["new"] > 100
        assert sums(first, "push")["new"] > 20
        for what, query in ORPHANS.items():
            assert journey.rows(query) == [(0,)], what

        rows, writes = counts(journey), journey.crm_writes()
        second = journey.run()
        assert [line for line in second["balance"] if line["new"] or line["changed"]] == []
        assert journey.crm_writes() == writes
        assert counts(journey) == rows

        assert "intact" in journey.landbridge("audit", "verify")
        listed = json.loads(journey.landbridge("runs", "--json"))
        assert [run["state"] for run in listed] == ["done", "done"]


def test_a_lead_explains_itself_down_to_the_record(begin: Begin) -> None:
    with begin(people=60) as journey:
        journey.run()
        (crm_id, fields), *_ = journey.rows("SELECT crm_id, fields FROM pushed WHERE fields ? 'Email' LIMIT 1")
        told = journey.landbridge("explain", crm_id)
        assert fields["Email"] in told
        explained = json.dumps(json.loads(journey.landbridge("explain", crm_id, "--json")))
        assert fields["Email"] in explained
        assert "digest" in explained


def test_a_world_full_of_faults_comes_to_the_same_crm(begin: Begin, undisturbed: Any) -> None:
    with begin(faults="10%", options=("--fault-timeout", "2")) as journey:
        for _ in range(5):
            code, out, err = journey.under_way("run", "--json").ended(seconds=240)
            if code == 0:
                break
            assert code == 75, f"{out!r}\n{err!r}"
        journey.control("faults", faults="0%")
        journey.run()
        assert journey.crm() == undisturbed


def test_news_of_one_person_costs_one_write(begin: Begin) -> None:
    with begin(people=60) as journey:
        journey.run()
        writes = journey.crm_writes()
        journey.control("live", events=3)
        told = journey.run()
        assert sums(told, "land")["new"] + sums(told, "land")["changed"] > 0
        assert journey.crm_writes() - writes <= 2
        assert [line for line in journey.run()["balance"] if line["new"] or line["changed"]] == []
