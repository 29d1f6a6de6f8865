"""What was written can be taken back: as it was before, but for what people did since."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from landbridge.errors import GateClosed, NotFound
from landbridge.push import halt, holds, outbox
from landbridge.push.apply import push
from landbridge.push.approval import approve, drop
from landbridge.push.plan import make_plan
from landbridge.push.policy import Policy
from landbridge.push.revert.planning import Reverting, revert, subject
from landbridge.store.engine import Store
from landbridge.trail.runs import Run
from tests.push.conftest import Line
from tests.push.crm import ACCOUNT, EXTERNAL, Crm, a_run, access, books, changes, put_lead, sync

ANNA: dict[str, Any] = {"last_name": "Arnesen", "first_name": "Anna", "email": "anna@fjord.example", "score": 40}
Back = Callable[..., Reverting]


@pytest.fixture
def back(store: Store, crm: Crm, policy: Policy) -> Back:
    """Read the CRM back, plan the revert, and send it once somebody approved."""

    def go(what: str, *, over_edits: bool = False, send: bool = True, links: dict[str, str] | None = None) -> Reverting:
        with a_run(store) as run:
            sync(store, run, crm, links)
            planned = revert(run, policy, ACCOUNT, subject(store, ACCOUNT, what), over_edits=over_edits)
        if planned.plan_id and send:
            with a_run(store) as run, pytest.raises(GateClosed, match="takes back"):
                push(run, crm.connector(), access(), policy)
            approve(store, planned.plan_id, actor="kim", reason="wrong rule")
            with a_run(store) as run:
                push(run, crm.connector(), access(), policy)
                sync(store, run, crm, links)
        return planned

    return go


def put(store: Store, **people: dict[str, Any]) -> None:
    with a_run(store) as run:
        for identity_id, fields in people.items():
            put_lead(store, run, identity_id, **fields)


def plain(crm: Crm) -> dict[str, dict[str, Any]]:
    """Every living row, its empty fields left out."""
    rows = {i: row for table in crm.rows.values() for i, row in table.items() if not row["IsDeleted"]}
    return {i: {f: v for f, v in row.items() if v not in (None, False)} for i, row in rows.items()}


def test_a_run_is_taken_back_and_not_pushed_again(store: Store, crm: Crm, line: Line, back: Back) -> None:
    lead = crm.put("Lead", LastName="Bo", City="Bergen", Landbridge_Score__c=7)
    before = deepcopy(plain(crm))
    put(store, anna=ANNA, bo={"last_name": "Bo", "title": "Mate", "score": 9})
    run = line({lead: "bo"})
    assert len(plain(crm)) == 2
    assert back(run.run_id, links={lead: "bo"}).changes == 2
    assert plain(crm) == before
    again = line({lead: "bo"})
    assert books(again, "plan") == {"taken": 2, "held": 2}
    assert plain(crm) == before
    put(store, bo={"last_name": "Bo", "title": "Captain", "score": 9})
    assert books(line({lead: "bo"}), "push") == {"taken": 1, "changed": 1}, "we want another value now"
    assert (plain(crm)[lead]["Title"], plain(crm)[lead]["Landbridge_Score__c"]) == ("Captain", 7)
    holds.release(store, ACCOUNT, "anna", actor="kim", reason="mended")
    assert books(line({lead: "bo"}), "push") == {"taken": 1, "new": 1}


def test_what_somebody_edited_since_is_told_and_stays(store: Store, crm: Crm, line: Line, back: Back) -> None:
    lead = crm.put("Lead", LastName="Bo")
    put(store, bo={"last_name": "Bo", "title": "Mate", "city": "Bergen"})
    run = line({lead: "bo"})
    row = crm.rows["Lead"][lead]
    row["Title"] = "Chief mate"
    planned = back(run.run_id, links={lead: "bo"})
    assert [(left.field, left.ours, left.theirs, left.why) for left in planned.left] == [
        ("Title", "Mate", "Chief mate", "edited")
    ]
    assert (row["Title"], row["City"], row[EXTERNAL]) == ("Chief mate", None, None)
    put(store, bo={"last_name": "Bo", "title": "Mate", "city": "Bergen"})
    forced = back(run.run_id, over_edits=True, links={lead: "bo"})
    assert (forced.left, row["Title"]) == ([], None)
    assert back(run.run_id, over_edits=True, links={lead: "bo"}).plan_id is None, "there is nothing left to take back"


@pytest.mark.parametrize("edit", [{"Title": "Boss"}, {"Status": "Working"}, {"IsConverted": True}])
def test_a_record_of_ours_that_somebody_worked_on_stays(
    store: Store, crm: Crm, line: Line, back: Back, edit: dict[str, Any]
) -> None:
    put(store, anna=ANNA)
    run = line()
    (row,) = crm.rows["Lead"].values()
    with a_run(store) as reading:
        sync(store, reading, crm)
    row |= edit
    planned = back(run.run_id)
    assert (planned.plan_id, [left.why for left in planned.left]) == (
        None,
        ["converted" if "IsConverted" in edit else "edited"],
    )
    assert not row["IsDeleted"]


def test_a_revert_of_a_revert_brings_it_back(store: Store, crm: Crm, line: Line, back: Back) -> None:
    lead = crm.put("Lead", LastName="Bo", City="Bergen")
    put(store, anna=ANNA, bo={"last_name": "Bo", "title": "Mate"})
    run = line({lead: "bo"})
    pushed = sorted(map(str, _values(crm)))
    first = back(run.run_id, links={lead: "bo"})
    assert first.plan_id is not None
    again = back(first.plan_id, links={lead: "bo"})
    assert again.changes == 2
    assert sorted(map(str, _values(crm))) == pushed
    assert holds.standing(store, ACCOUNT) == []
    assert books(line({lead: "bo"}), "plan") == {"taken": 2, "unchanged": 2}
    undone = {c["change_id"]: c["reverts"] for c in changes(store) if c["reverts"]}
    assert len(undone) == 4
    assert set(undone.values()) <= {c["change_id"] for c in changes(store)}


def _values(crm: Crm) -> list[list[tuple[str, Any]]]:
    return [sorted((f, v) for f, v in row.items() if f not in ("Id", "CreatedDate")) for row in plain(crm).values()]


def test_what_was_emptied_and_taken_back_is_not_emptied_again(store: Store, crm: Crm, policy: Policy) -> None:
    lead = policy.objects["Lead"]
    title = lead.fields["Title"].model_copy(update={"when_empty": "clear"})
    objects = {**policy.objects, "Lead": lead.model_copy(update={"fields": {**lead.fields, "Title": title}})}
    clearing = replace(policy, objects=objects)

    def go() -> Run:
        with a_run(store) as run:
            sync(store, run, crm)
            make_plan(run, clearing, ACCOUNT)
            push(run, crm.connector(), access(), clearing)
        return run

    put(store, anna={**ANNA, "title": "Boss"})
    go()
    put(store, anna=ANNA)
    emptied = go()
    (row,) = crm.rows["Lead"].values()
    assert row["Title"] is None
    with a_run(store) as run:
        sync(store, run, crm)
        planned = revert(run, clearing, ACCOUNT, subject(store, ACCOUNT, emptied.run_id))
    assert planned.plan_id is not None
    approve(store, planned.plan_id, actor="kim", reason="wrong rule")
    go()
    assert row["Title"] == "Boss"
    go()
    assert row["Title"] == "Boss", "not the same again"


def test_one_change_or_one_customer_is_taken_back(store: Store, crm: Crm, line: Line, back: Back) -> None:
    put(store, anna=ANNA, bo={"last_name": "Bo"})
    line()
    put(store, anna={**ANNA, "title": "Mate"}, bo={"last_name": "Bo", "title": "Cook"})
    line()
    put(store, anna={**ANNA, "title": "Captain"})
    line()
    rows = {row[EXTERNAL]: row for row in crm.rows["Lead"].values()}
    first = next(c["change_id"] for c in changes(store) if c["after"] == {"Title": "Mate"})
    told = back(str(first))
    assert (told.plan_id, [(left.field, left.why) for left in told.left]) == (None, [("Title", "ours_later")])
    last = next(c["change_id"] for c in changes(store) if c["after"] == {"Title": "Captain"})
    back(str(last))
    assert rows["anna"]["Title"] == "Mate"
    assert back("bo").changes == 1
    assert [row["LastName"] for row in plain(crm).values()] == ["Arnesen"]


def test_nothing_else_moves_what_a_waiting_revert_is_about(
    store: Store, crm: Crm, line: Line, back: Back, policy: Policy
) -> None:
    put(store, anna=ANNA)
    run = line()
    planned = back(run.run_id, send=False)
    put(store, anna={**ANNA, "title": "Captain"})
    with a_run(store) as planning:
        assert make_plan(planning, policy, ACCOUNT) == planned.plan_id
    assert books(planning, "plan") == {"taken": 1, "held": 1}
    assert [c["state"] for c in changes(store)] == ["done", "planned"]
    assert back(run.run_id, send=False).changes == 1, "a second word takes the place of the first"
    assert [c["state"] for c in changes(store)] == ["done", "superseded", "planned"]


def test_an_edit_after_the_plan_is_found_before_it_is_sent(
    store: Store, crm: Crm, line: Line, back: Back, policy: Policy
) -> None:
    lead = crm.put("Lead", LastName="Bo")
    put(store, bo={"last_name": "Bo", "title": "Mate"})
    run = line({lead: "bo"})
    planned = back(run.run_id, send=False, links={lead: "bo"})
    assert planned.plan_id is not None
    crm.rows["Lead"][lead]["Title"] = "Chief mate"
    approve(store, planned.plan_id, actor="kim", reason="wrong rule")
    with a_run(store) as sending:
        push(sending, crm.connector(), access(), policy)
    assert books(sending, "push") == {"taken": 1, "unchanged": 1}
    assert crm.rows["Lead"][lead]["Title"] == "Chief mate"


def test_a_revert_is_in_the_trail(store: Store, crm: Crm, line: Line, back: Back) -> None:
    put(store, anna=ANNA)
    run = line()
    planned = back(run.run_id)
    with store.begin() as connection:
        kept = connection.execute(
            sa.text("SELECT kind, subject, approved_by, state FROM plan ORDER BY at DESC LIMIT 1")
        ).one()
        seen = connection.scalar(sa.text("SELECT detail->>'of' FROM audit_event WHERE kind = 'revert.planned'"))
    assert tuple(kept) == ("revert", run.run_id, "kim", "done")
    assert (seen, planned.changes) == (run.run_id, 1)


@pytest.mark.parametrize("what", ["99", "plan-x", "nobody", "2026"])
def test_what_wrote_nothing_cannot_be_taken_back(store: Store, what: str) -> None:
    with pytest.raises(NotFound):
        subject(store, ACCOUNT, what)


@pytest.fixture
def halted(store: Store, crm: Crm, line: Line, monkeypatch: pytest.MonkeyPatch) -> str:
    """A plan of three leads and an edit, halted after the first lead was made. Answers its id."""
    monkeypatch.setattr(outbox, "BATCH", 1)
    put(store, dora={"last_name": "Dora", "city": "Oslo"})
    line()
    put(store, dora={"last_name": "Dora", "city": "Rome", "email_opt_out": True})
    put(store, anna=ANNA, bo={"last_name": "Bo"}, cleo={"last_name": "Cleo"})
    monkeypatch.setattr(outbox, "ORDER", ("create", "update", "delete"))
    crm.after_call = lambda: halt.halt(store, ACCOUNT, actor="ines", reason="stop") and None
    with pytest.raises(GateClosed, match="halted"):
        line()
    crm.after_call = lambda: None
    halt.resume(store, ACCOUNT, actor="ines", reason="it is taken back")
    assert len(crm.rows["Lead"]) == 2
    return str(changes(store)[-1]["plan_id"])


def test_the_rest_of_a_run_that_was_halted_does_not_leave_with_its_revert(
    store: Store, crm: Crm, line: Line, back: Back, halted: str
) -> None:
    planned = back(halted)
    assert (planned.changes, planned.waiting) == (1, 3)
    line()
    ((dora, row),) = plain(crm).items()
    assert row["City"] == "Oslo", "nor with the next plan"
    assert row["HasOptedOutOfEmail"] is True, "but no is no"
    assert planned.plan_id is not None
    holds.release(store, ACCOUNT, planned.plan_id, actor="kim", reason="it was right")
    line()
    assert len(plain(crm)) == 4 and plain(crm)[dora]["City"] == "Rome"


def test_a_revert_that_is_dropped_keeps_the_rest_no_longer(
    store: Store, crm: Crm, line: Line, back: Back, halted: str
) -> None:
    planned = back(halted, send=False)
    assert planned.plan_id is not None
    drop(store, planned.plan_id, actor="kim", reason="the wrong run")
    line()
    assert sorted(row["LastName"] for row in plain(crm).values()) == ["Arnesen", "Bo", "Cleo", "Dora"]


def test_where_nothing_is_left_to_take_back_nothing_is_held(store: Store, crm: Crm, back: Back, halted: str) -> None:
    with a_run(store) as reading:
        sync(store, reading, crm)
    for row in crm.rows["Lead"].values():
        row["Title"] = "Boss"  # somebody works on all that was written
    planned = back(halted, send=False)
    assert (planned.plan_id, planned.waiting) == (None, 0)
    assert holds.standing(store, ACCOUNT) == [], "by a revert that there is not, which nobody could drop"
